"""Exit codes: the only place that knows which error ends the command with which."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import api.errors as ours
import ca.errors as ca
import evidence.errors as evidence
import forensics.errors as forensics
import keys.errors as keys
import signing.errors as signing


class Exit(enum.IntEnum):
    """The interface's codes."""

    DONE = 0
    INVALID = 1
    USAGE = 2
    INDETERMINATE = 3
    NOT_FOUND = 4
    REFUSED = 5
    NEEDS_APPROVAL = 6
    UNAVAILABLE = 7
    INTERNAL = 8


EXITS: Mapping[type[Exception], Exit] = {
    ours.ApiError: Exit.INTERNAL,
    ours.SettingsInvalid: Exit.USAGE,
    ours.StoreUnavailable: Exit.UNAVAILABLE,
    ours.OutcomeUnknown: Exit.UNAVAILABLE,
    ours.SchemaBehind: Exit.UNAVAILABLE,
    ours.NotInitialised: Exit.UNAVAILABLE,
    ours.InputInvalid: Exit.USAGE,
    ours.BodyTooLarge: Exit.USAGE,
    ours.BodyTooDeep: Exit.USAGE,
    ours.MediaTypeUnsupported: Exit.USAGE,
    ours.CallerUnproven: Exit.REFUSED,
    ours.CallerClockSkewed: Exit.REFUSED,
    ours.RequestReplayed: Exit.REFUSED,
    ours.ScopeMissing: Exit.REFUSED,
    ours.CallerExists: Exit.REFUSED,
    ours.CallerNotFound: Exit.NOT_FOUND,
    ours.IdempotencyKeyMissing: Exit.USAGE,
    ours.IdempotencyKeyReused: Exit.REFUSED,
    ours.IdempotencyInProgress: Exit.REFUSED,
    evidence.EvidenceError: Exit.INTERNAL,
    evidence.EventInvalid: Exit.USAGE,
    evidence.RecordRefused: Exit.UNAVAILABLE,
    evidence.PayloadUnavailable: Exit.NOT_FOUND,
    evidence.PayloadCorrupt: Exit.INVALID,
    evidence.CaseNotFound: Exit.NOT_FOUND,
    evidence.CaseClosed: Exit.REFUSED,
    evidence.CaseRefused: Exit.REFUSED,
    evidence.CaseHeld: Exit.REFUSED,
    evidence.HoldNotFound: Exit.NOT_FOUND,
    evidence.PersonsMissing: Exit.NEEDS_APPROVAL,
    evidence.AccessRefused: Exit.REFUSED,
    evidence.LogBehind: Exit.REFUSED,
    evidence.WatermarkInvalid: Exit.REFUSED,
    evidence.WatermarkUnavailable: Exit.UNAVAILABLE,
    evidence.ProofInvalid: Exit.INVALID,
    evidence.NoteInvalid: Exit.INVALID,
    evidence.TileInvalid: Exit.INVALID,
    evidence.TilesUnavailable: Exit.UNAVAILABLE,
    evidence.LogForked: Exit.REFUSED,
    evidence.WitnessRefused: Exit.REFUSED,
    keys.KeysError: Exit.INTERNAL,
    keys.KeyEncodingInvalid: Exit.USAGE,
    keys.SignatureInvalid: Exit.INVALID,
    keys.AlgorithmNotAllowed: Exit.REFUSED,
    keys.KeyNotFound: Exit.NOT_FOUND,
    keys.KeyBlocked: Exit.REFUSED,
    keys.KeyStateInvalid: Exit.REFUSED,
    keys.KeyPurposeInvalid: Exit.REFUSED,
    keys.KeyUseExhausted: Exit.REFUSED,
    keys.KeyUnsealFailed: Exit.UNAVAILABLE,
    keys.MasterKeyDiffers: Exit.UNAVAILABLE,
    keys.MasterKeyInvalid: Exit.UNAVAILABLE,
    keys.CustodyUnavailable: Exit.UNAVAILABLE,
    keys.CmsInvalid: Exit.INVALID,
    ca.CaError: Exit.INTERNAL,
    ca.RequestInvalid: Exit.USAGE,
    ca.ProofOfPossessionInvalid: Exit.INVALID,
    ca.ProfileInvalid: Exit.USAGE,
    ca.NotFound: Exit.NOT_FOUND,
    ca.Refused: Exit.REFUSED,
    ca.LintFailed: Exit.REFUSED,
    ca.ValidityBeyondIssuer: Exit.REFUSED,
    ca.DuplicateKey: Exit.REFUSED,
    ca.ApprovalRequired: Exit.NEEDS_APPROVAL,
    ca.AlreadyRevoked: Exit.REFUSED,
    ca.IssuanceMismatch: Exit.INTERNAL,
    ca.RegistryBehind: Exit.REFUSED,
    ca.JournalUnavailable: Exit.UNAVAILABLE,
    ca.EncodingInvalid: Exit.USAGE,
    ca.PathInvalid: Exit.INVALID,
    ca.RevocationDataInvalid: Exit.INVALID,
    ca.TimestampInvalid: Exit.INVALID,
    ca.TimestampRefused: Exit.REFUSED,
    ca.TimeNotAvailable: Exit.UNAVAILABLE,
    ca.ClockBehind: Exit.UNAVAILABLE,
    signing.SigningError: Exit.INTERNAL,
    signing.DocumentRefused: Exit.REFUSED,
    signing.DocumentUnavailable: Exit.UNAVAILABLE,
    signing.PlacementInvalid: Exit.USAGE,
    signing.TemplateInvalid: Exit.USAGE,
    signing.ValuesInvalid: Exit.USAGE,
    signing.GlyphMissing: Exit.USAGE,
    signing.NotFound: Exit.NOT_FOUND,
    signing.StateInvalid: Exit.REFUSED,
    signing.Refused: Exit.REFUSED,
    signing.OrderNotReached: Exit.REFUSED,
    signing.ProofExpired: Exit.REFUSED,
    signing.AuthorisationMissing: Exit.REFUSED,
    signing.ChallengeFailed: Exit.REFUSED,
    signing.ChallengeLocked: Exit.REFUSED,
    signing.ChallengeExpired: Exit.REFUSED,
    signing.TooManyRequests: Exit.REFUSED,
    signing.IdentityRefused: Exit.REFUSED,
    signing.ProviderUnavailable: Exit.UNAVAILABLE,
    signing.TimestampUnavailable: Exit.UNAVAILABLE,
    signing.RevisionConflict: Exit.REFUSED,
    signing.FieldInvalid: Exit.REFUSED,
    signing.SignatureMismatch: Exit.INTERNAL,
    forensics.ForensicsError: Exit.INTERNAL,
    forensics.ReportInvalid: Exit.INVALID,
    forensics.PackageInvalid: Exit.INVALID,
    forensics.ContentsInvalid: Exit.USAGE,
    forensics.RecordInvalid: Exit.INVALID,
    forensics.RenewalRefused: Exit.REFUSED,
}
