import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.cms.Time;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.OperatorCreationException;

/** RFC 5652 SignedData, with the content inside or beside it; GB/T 35275 content types too. */
final class CmsJudge {
    private static final String PKCS7 = "1.2.840.113549.1.7.";
    private static final String GM = "1.2.156.10197.6.1.4.2.";

    private CmsJudge() {}

    static void command(Report report, Arguments arguments) throws Exception {
        byte[] subject = Arguments.der(arguments.subject());
        boolean attached = arguments.has("--attached");
        byte[] content = attached ? null : arguments.bytes("--content");
        CMSSignedData[] found = new CMSSignedData[1];
        if (!report.check("signed-data", () -> {
            found[0] = attached ? new CMSSignedData(subject)
                : new CMSSignedData(new CMSProcessableByteArray(content), subject);
            return found[0].toASN1Structure().getContentType().getId() + " of "
                + found[0].getSignedContentTypeOID() + ", version " + found[0].getVersion();
        })) {
            return;
        }
        CMSSignedData data = found[0];
        report.check("content-type", () -> {
            String outer = data.toASN1Structure().getContentType().getId();
            Report.require(outer.equals(PKCS7 + "2") || outer.equals(GM + "2"), "not SignedData: " + outer);
            Report.require(!attached || data.getSignedContent() != null, "nothing inside");
            return outer.startsWith(GM) ? "GB/T 35275" : "RFC 5652";
        });
        report.check("signers", () -> {
            Report.require(data.getSignerInfos().size() > 0, "none");
            return Integer.toString(data.getSignerInfos().size());
        });
        List<X509CertificateHolder> others = new ArrayList<>(arguments.certificates("--certs"));
        for (Object each : data.getCertificates().getMatches(null)) {
            others.add((X509CertificateHolder) each);
        }
        for (SignerInformation signer : data.getSignerInfos()) {
            signer(report, arguments, signer, others);
        }
    }

    private static void signer(Report report, Arguments arguments, SignerInformation signer,
            List<X509CertificateHolder> others) throws Exception {
        X509CertificateHolder[] used = new X509CertificateHolder[1];
        boolean verified = report.check("signature", () -> {
            for (X509CertificateHolder candidate : others) {
                if (signer.getSID().match(candidate)) {
                    used[0] = candidate;
                    break;
                }
            }
            Report.require(used[0] != null, "the signer's certificate is not there");
            try {
                Report.require(signer.verify(
                    new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(used[0])), "wrong");
            } catch (OperatorCreationException e) {
                throw new Report.Unsupported(algorithms(signer) + ": " + e.getMessage());
            } catch (IllegalArgumentException e) {
                // BC 1.72 names no signature for SM3 with any identifier but 1.2.156.10197.1.501.
                if (e.getMessage() != null && e.getMessage().startsWith("Unknown signature type")) {
                    throw new Report.Unsupported(algorithms(signer) + ": " + e.getMessage());
                }
                throw e;
            }
            return algorithms(signer);
        });
        if (verified) {
            Date at = arguments.has("--at") ? arguments.at() : signingTime(signer, arguments.at());
            PathJudge.judge(report, used[0], arguments.certificates("--anchors"), others,
                arguments.crls("--crl"), at, false);
        }
    }

    private static Date signingTime(SignerInformation signer, Date otherwise) {
        Attribute time = signer.getSignedAttributes() == null ? null
            : signer.getSignedAttributes().get(CMSAttributes.signingTime);
        return time == null ? otherwise : Time.getInstance(time.getAttrValues().getObjectAt(0)).getDate();
    }

    /** Digest and signature identifiers, each with what stands in its parameters. */
    static String algorithms(SignerInformation signer) {
        return written(signer.toASN1Structure().getDigestAlgorithm()) + " with "
            + written(signer.toASN1Structure().getDigestEncryptionAlgorithm());
    }

    private static String written(AlgorithmIdentifier algorithm) {
        ASN1Encodable parameters = algorithm.getParameters();
        return algorithm.getAlgorithm().getId()
            + (parameters == null ? "" : "(" + parameters.toASN1Primitive() + ")");
    }
}
