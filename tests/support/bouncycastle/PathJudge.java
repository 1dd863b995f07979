import java.security.PublicKey;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathBuilderResult;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CRLConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.jcajce.PKIXExtendedBuilderParameters;
import org.bouncycastle.jcajce.PKIXExtendedParameters;

/**
 * RFC 5280 section 6 by Bouncy Castle's own path builder ("PKIX" of provider "BC"), which knows SM2 with
 * SM3 under the default identifier; then each link once more by hand, because the builder asks nothing of
 * the anchor itself.
 */
final class PathJudge {
    private static final int KEY_CERT_SIGN = 5;

    private PathJudge() {}

    static void command(Report report, Arguments arguments) throws Exception {
        List<X509CertificateHolder> leaf = Arguments.certificates(arguments.subject());
        List<X509CertificateHolder> others = arguments.certificates("--certs");
        others.addAll(leaf.subList(1, leaf.size()));
        judge(report, leaf.get(0), arguments.certificates("--anchors"), others,
            arguments.crls("--crl"), arguments.at(), arguments.has("--deltas"));
    }

    /** With CRLs, every certificate below the anchor must be found unrevoked in one that covers it. */
    static boolean judge(Report report, X509CertificateHolder leaf, List<X509CertificateHolder> anchors,
            List<X509CertificateHolder> others, List<X509CRLHolder> crls, Date at, boolean deltas) {
        List<X509Certificate> path = new ArrayList<>();
        boolean built = report.check("path", () -> {
            path.addAll(build(leaf, anchors, others, crls, at, deltas));
            return path.size() + " certificates, PKIX of BC" + (crls.isEmpty() ? "" : ", unrevoked");
        });
        return built && report.check("links", () -> links(path, at));
    }

    private static List<X509Certificate> build(X509CertificateHolder leaf, List<X509CertificateHolder> anchors,
            List<X509CertificateHolder> others, List<X509CRLHolder> crls, Date at, boolean deltas)
            throws Exception {
        JcaX509CertificateConverter converter = new JcaX509CertificateConverter().setProvider("BC");
        Set<TrustAnchor> trusted = new HashSet<>();
        for (X509CertificateHolder anchor : anchors) {
            trusted.add(new TrustAnchor(converter.getCertificate(anchor), null));
        }
        Report.require(!trusted.isEmpty(), "no trust anchor");
        X509Certificate target = converter.getCertificate(leaf);
        if (anchors.contains(leaf)) {
            return List.of(target);
        }
        List<Object> store = new ArrayList<>();
        store.add(target);
        for (X509CertificateHolder other : others) {
            store.add(converter.getCertificate(other));
        }
        JcaX509CRLConverter crlConverter = new JcaX509CRLConverter().setProvider("BC");
        for (X509CRLHolder crl : crls) {
            store.add(crlConverter.getCRL(crl));
        }
        X509CertSelector selector = new X509CertSelector();
        selector.setCertificate(target);
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(trusted, selector);
        parameters.addCertStore(
            CertStore.getInstance("Collection", new CollectionCertStoreParameters(store), "BC"));
        parameters.setDate(at);
        parameters.setRevocationEnabled(!crls.isEmpty());
        PKIXExtendedParameters extended =
            new PKIXExtendedParameters.Builder(parameters).setUseDeltasEnabled(deltas).build();
        PKIXCertPathBuilderResult result = (PKIXCertPathBuilderResult) CertPathBuilder.getInstance("PKIX", "BC")
            .build(new PKIXExtendedBuilderParameters.Builder(extended).build());
        List<X509Certificate> path = new ArrayList<>();
        for (Object certificate : result.getCertPath().getCertificates()) {
            path.add((X509Certificate) certificate);
        }
        path.add(result.getTrustAnchor().getTrustedCert());
        return path;
    }

    /** From the leaf to the anchor, which must sign itself. */
    private static String links(List<X509Certificate> path, Date at) throws Exception {
        List<String> algorithms = new ArrayList<>();
        for (int i = 0; i < path.size(); i++) {
            X509Certificate certificate = path.get(i);
            X509Certificate issuer = path.get(Math.min(i + 1, path.size() - 1));
            Report.require(certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal()),
                "issuer name of certificate " + i);
            PublicKey key = issuer.getPublicKey();
            certificate.verify(key, "BC");
            certificate.checkValidity(at);
            Report.require(certificate.getSerialNumber().signum() > 0, "serial number of certificate " + i);
            if (i > 0) {
                Report.require(certificate.getBasicConstraints() >= i - 1,
                    "basic constraints of certificate " + i);
                Report.require(certificate.getKeyUsage() == null || certificate.getKeyUsage()[KEY_CERT_SIGN],
                    "key usage of certificate " + i);
            }
            algorithms.add(certificate.getSigAlgName());
        }
        return String.join(", ", algorithms);
    }
}
