import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.ocsp.BasicOCSPResp;
import org.bouncycastle.cert.ocsp.CertificateStatus;
import org.bouncycastle.cert.ocsp.OCSPResp;
import org.bouncycastle.cert.ocsp.RespID;
import org.bouncycastle.cert.ocsp.RevokedStatus;
import org.bouncycastle.cert.ocsp.SingleResp;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.util.encoders.Hex;

/** RFC 6960 section 3.2: what a client asks of an answer before it believes it. */
final class OcspJudge {
    private OcspJudge() {}

    static void command(Report report, Arguments arguments) throws Exception {
        X509CertificateHolder issuer = arguments.certificate("--issuer");
        X509CertificateHolder certificate = arguments.certificate("--cert");
        Date at = arguments.at();
        OCSPResp response = new OCSPResp(arguments.subject());
        BasicOCSPResp[] found = new BasicOCSPResp[1];
        if (!report.check("status", () -> {
            Report.require(response.getStatus() == OCSPResp.SUCCESSFUL, "OCSP status " + response.getStatus());
            Report.require(response.getResponseObject() instanceof BasicOCSPResp, "not a basic response");
            found[0] = (BasicOCSPResp) response.getResponseObject();
            return "successful";
        })) {
            return;
        }
        BasicOCSPResp basic = found[0];
        DigestCalculatorProvider digests = new JcaDigestCalculatorProviderBuilder().setProvider("BC").build();
        report.check("responder", () -> responder(basic, issuer, at, digests));
        report.check("certificate", () -> certificate(arguments, basic, issuer, certificate, at, digests));
        if (arguments.has("--nonce")) {
            byte[] wanted = Hex.decode(arguments.text("--nonce"));
            report.check("nonce", () -> {
                Extension nonce = basic.getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nonce);
                Report.require(nonce != null, "no nonce");
                byte[] given = ASN1OctetString.getInstance(nonce.getParsedValue()).getOctets();
                Report.require(Arrays.equals(wanted, given), "another nonce: " + Hex.toHexString(given));
                return given.length + " octets";
            });
        }
    }

    /** The issuer itself, or one it has delegated this to (4.2.2.2), whose signature the answer bears. */
    private static String responder(BasicOCSPResp basic, X509CertificateHolder issuer, Date at,
            DigestCalculatorProvider digests) throws Exception {
        List<X509CertificateHolder> candidates = new ArrayList<>(Arrays.asList(basic.getCerts()));
        candidates.add(issuer);
        X509CertificateHolder signer = null;
        for (X509CertificateHolder candidate : candidates) {
            RespID byName = new RespID(candidate.getSubject());
            RespID byKey = new RespID(candidate.getSubjectPublicKeyInfo(),
                digests.get(RespID.HASH_SHA1));
            if (basic.getResponderId().equals(byName) || basic.getResponderId().equals(byKey)) {
                signer = candidate;
                break;
            }
        }
        Report.require(signer != null, "no certificate fits the responder's name");
        JcaContentVerifierProviderBuilder verifiers = new JcaContentVerifierProviderBuilder().setProvider("BC");
        Report.require(basic.isSignatureValid(verifiers.build(signer)), "signature is wrong");
        Report.require(signer.isValidOn(at), "the responder's certificate is out of its time");
        if (signer.equals(issuer)) {
            return "the issuer itself, " + basic.getSignatureAlgOID();
        }
        Report.require(signer.getIssuer().equals(issuer.getSubject())
            && signer.isSignatureValid(verifiers.build(issuer)), "the responder is not the issuer's delegate");
        ExtendedKeyUsage usage = ExtendedKeyUsage.fromExtensions(signer.getExtensions());
        Report.require(usage != null && usage.hasKeyPurposeId(KeyPurposeId.id_kp_OCSPSigning),
            "the responder's certificate is not for OCSP");
        boolean noCheck = signer.getExtension(OCSPObjectIdentifiers.id_pkix_ocsp_nocheck) != null;
        return "a delegate, " + basic.getSignatureAlgOID() + (noCheck ? ", ocsp-nocheck" : "");
    }

    private static String certificate(Arguments arguments, BasicOCSPResp basic, X509CertificateHolder issuer,
            X509CertificateHolder certificate, Date at, DigestCalculatorProvider digests) throws Exception {
        for (SingleResp single : basic.getResponses()) {
            if (!single.getCertID().matchesIssuer(issuer, digests)
                || !single.getCertID().getSerialNumber().equals(certificate.getSerialNumber())) {
                continue;
            }
            Report.require(!single.getThisUpdate().after(at), "thisUpdate " + single.getThisUpdate());
            Report.require(!basic.getProducedAt().after(at), "producedAt " + basic.getProducedAt());
            Report.require(single.getNextUpdate() == null || !single.getNextUpdate().before(at),
                "nextUpdate " + single.getNextUpdate());
            Object status = single.getCertStatus();
            String word = status == CertificateStatus.GOOD ? "good"
                : status instanceof RevokedStatus ? "revoked" : "unknown";
            if (arguments.has("--status")) {
                Report.require(word.equals(arguments.text("--status")), "status is " + word);
            }
            return word;
        }
        throw new Report.Refusal("the answer is about another certificate");
    }
}
