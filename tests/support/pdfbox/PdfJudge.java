import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.Security;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.interactive.digitalsignature.PDSignature;
import org.bouncycastle.asn1.ASN1InputStream;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSAttributes;
import org.bouncycastle.asn1.ess.ESSCertIDv2;
import org.bouncycastle.asn1.ess.SigningCertificateV2;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.util.encoders.Base64;

/**
 * Judges every signature and document timestamp of a PDF: PDFBox reads it, Bouncy Castle verifies.
 *
 * <pre>
 * PdfJudge pdf --anchors roots.pem [--certs chain.pem] [--crl f.crl …] [--at RFC3339] file.pdf
 * PdfJudge serve
 * </pre>
 *
 * Answers as {@code Judge} does.
 */
public final class PdfJudge {
    private PdfJudge() {}

    public static void main(String[] words) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.US_ASCII);
        if (words.length != 1 || !words[0].equals("serve")) {
            System.exit(judge(words, out));
        }
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            judge(Json.strings(line), out);
        }
    }

    private static int judge(String[] words, PrintStream out) {
        Report report = new Report(out);
        try {
            String[] trust = Arrays.copyOfRange(words, 1, words.length - 1);
            pdf(report, Files.readAllBytes(Path.of(words[words.length - 1])), trust);
        } catch (Exception | StackOverflowError e) {
            report.check("input", () -> {
                throw new Exception(e);
            });
        }
        return report.verdict();
    }

    private static void pdf(Report report, byte[] file, String[] trust) throws Exception {
        try (PDDocument document = PDDocument.load(file)) {
            report.note("pages", Integer.toString(document.getNumberOfPages()));
            report.check("signatures", () -> {
                int count = document.getSignatureDictionaries().size();
                Report.require(count > 0, "none");
                return Integer.toString(count);
            });
            for (PDSignature signature : document.getSignatureDictionaries()) {
                signature(report, file, signature, trust);
            }
        }
    }

    private static void signature(Report report, byte[] file, PDSignature signature, String[] trust)
            throws Exception {
        int[] range = signature.getByteRange();
        report.check("byte-range", () -> {
            Report.require(range.length == 4 && range[0] == 0, "is not of two parts from the beginning");
            Report.require(file[range[1]] == '<' && file[range[2] - 1] == '>', "is not around a string");
            return range[1] + " to " + range[2] + " left out, up to " + (range[2] + range[3]);
        });
        byte[] covered = signature.getSignedContent(file);
        byte[] contents;
        try (ASN1InputStream stream = new ASN1InputStream(signature.getContents(file))) {
            contents = stream.readObject().getEncoded();
        }
        String kind = signature.getSubFilter();
        report.note("sub-filter", kind);
        if (kind.equals("ETSI.RFC3161")) {
            report.check("type", () -> {
                Report.require(signature.getCOSObject().getItem(COSName.TYPE).equals(COSName.DOC_TIME_STAMP),
                    "is no document timestamp");
                return "DocTimeStamp";
            });
            TimestampJudge.command(report, words("timestamp", trust, "--data", covered, contents));
            return;
        }
        Report.require(kind.equals("ETSI.CAdES.detached"), "sub-filter " + kind);
        CmsJudge.command(report, words("cms", trust, "--content", covered, contents));
        CMSSignedData message = new CMSSignedData(contents);
        SignerInformation signer = message.getSignerInfos().iterator().next();
        report.check("signed-attributes", () -> attributes(message, signer));
        AttributeTable unsigned = signer.getUnsignedAttributes();
        Attribute token =
            unsigned == null ? null : unsigned.get(PKCSObjectIdentifiers.id_aa_signatureTimeStampToken);
        if (token == null) {
            report.note("signature-timestamp", "absent");
            return;
        }
        byte[] stamped = token.getAttrValues().getObjectAt(0).toASN1Primitive().getEncoded();
        report.note("signature-timestamp", "present");
        TimestampJudge.command(report, words("timestamp", trust, "--data", signer.getSignature(), stamped));
    }

    /** PAdES baseline: the certificate is bound by ESSCertIDv2, and there is no signing-time. */
    private static String attributes(CMSSignedData message, SignerInformation signer) throws Exception {
        AttributeTable signed = signer.getSignedAttributes();
        Report.require(signed.get(CMSAttributes.signingTime) == null, "signing-time is there");
        Report.require(signed.size() == 3, signed.size() + " attributes");
        Attribute named = signed.get(PKCSObjectIdentifiers.id_aa_signingCertificateV2);
        Report.require(named != null, "no ESSCertIDv2");
        ESSCertIDv2 first =
            SigningCertificateV2.getInstance(named.getAttrValues().getObjectAt(0)).getCerts()[0];
        for (Object each : message.getCertificates().getMatches(null)) {
            X509CertificateHolder certificate = (X509CertificateHolder) each;
            if (signer.getSID().match(certificate)) {
                String oid = first.getHashAlgorithm().getAlgorithm().getId();
                byte[] digest = MessageDigest.getInstance(oid, "BC").digest(certificate.getEncoded());
                Report.require(Arrays.equals(digest, first.getCertHash()), "ESSCertIDv2 names another");
                return "content-type, message-digest, ESSCertIDv2 by " + oid;
            }
        }
        throw new Report.Refusal("the signer's certificate is not inside");
    }

    private static Arguments words(String verb, String[] trust, String option, byte[] data, byte[] subject)
            throws Arguments.Usage {
        List<String> words = new ArrayList<>(List.of(verb));
        words.addAll(Arrays.asList(trust));
        words.add(option);
        words.add(base64(data));
        words.add(base64(subject));
        return new Arguments(words.toArray(new String[0]));
    }

    private static String base64(byte[] data) {
        return "base64:" + Base64.toBase64String(data);
    }
}
