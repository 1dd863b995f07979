import java.math.BigInteger;
import java.util.Arrays;
import java.util.Date;
import java.util.HashSet;
import java.util.Set;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.cert.X509CRLEntryHolder;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;

/** RFC 5280 section 5: one CRL under the key of its issuer. */
final class CrlJudge {
    private static final int UNUSED_REASON = 7;

    private CrlJudge() {}

    static void command(Report report, Arguments arguments) throws Exception {
        X509CertificateHolder issuer = arguments.certificate("--issuer");
        Date at = arguments.at();
        X509CRLHolder crl = Arguments.crl(arguments.subject());
        report.check("signature", () -> {
            Report.require(crl.isSignatureValid(
                new JcaContentVerifierProviderBuilder().setProvider("BC").build(issuer)), "signature is wrong");
            return crl.toASN1Structure().getSignatureAlgorithm().getAlgorithm().getId();
        });
        report.check("issuer", () -> issuer(crl, issuer));
        report.check("time", () -> {
            Date from = crl.getThisUpdate();
            Date until = crl.getNextUpdate();
            Report.require(until != null, "no nextUpdate");
            Report.require(!at.before(from) && !at.after(until), from + " to " + until + ", judged at " + at);
            return from.toInstant() + " to " + until.toInstant();
        });
        report.check("extensions", () -> extensions(crl));
        report.check("entries", () -> entries(crl));
    }

    private static String issuer(X509CRLHolder crl, X509CertificateHolder issuer) throws Exception {
        Report.require(crl.getIssuer().equals(issuer.getSubject()), "issuer is " + crl.getIssuer());
        KeyUsage usage = KeyUsage.fromExtensions(issuer.getExtensions());
        Report.require(usage == null || usage.hasUsages(KeyUsage.cRLSign), "the issuer's key is not for CRLs");
        AuthorityKeyIdentifier authority = AuthorityKeyIdentifier.fromExtensions(crl.getExtensions());
        Report.require(authority != null, "no authority key identifier");
        SubjectKeyIdentifier subject = SubjectKeyIdentifier.fromExtensions(issuer.getExtensions());
        Report.require(subject == null
            || Arrays.equals(subject.getKeyIdentifier(), authority.getKeyIdentifier()), "key identifier");
        return issuer.getSubject().toString();
    }

    private static String extensions(X509CRLHolder crl) throws Exception {
        Report.require(crl.hasExtensions(), "none");
        Extension number = crl.getExtension(Extension.cRLNumber);
        Report.require(number != null && !number.isCritical(), "CRL number is absent or critical");
        BigInteger value = CRLNumber.getInstance(number.getParsedValue()).getCRLNumber();
        Report.require(value.signum() >= 0 && value.bitLength() <= 159, "CRL number " + value);
        Extension point = crl.getExtension(Extension.issuingDistributionPoint);
        Report.require(point == null || point.isCritical(), "issuing distribution point is not critical");
        Extension delta = crl.getExtension(Extension.deltaCRLIndicator);
        Report.require(delta == null || delta.isCritical(), "delta CRL indicator is not critical");
        return "number " + value + (delta == null ? "" : ", delta of "
            + CRLNumber.getInstance(delta.getParsedValue()).getCRLNumber());
    }

    private static String entries(X509CRLHolder crl) throws Exception {
        Set<BigInteger> serials = new HashSet<>();
        for (Object each : crl.getRevokedCertificates()) {
            X509CRLEntryHolder entry = (X509CRLEntryHolder) each;
            Report.require(serials.add(entry.getSerialNumber()), "serial twice: " + entry.getSerialNumber());
            Extension reason = entry.getExtension(Extension.reasonCode);
            if (reason != null) {
                int code = CRLReason.getInstance(reason.getParsedValue()).getValue().intValue();
                Report.require(code != 0 && code != UNUSED_REASON && code <= 10, "reason " + code);
            }
        }
        return serials.size() + " entries";
    }
}
