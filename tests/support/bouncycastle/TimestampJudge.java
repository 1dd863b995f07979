import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.tsp.TSPUtil;
import org.bouncycastle.tsp.TimeStampRequest;
import org.bouncycastle.tsp.TimeStampResponse;
import org.bouncycastle.tsp.TimeStampToken;
import org.bouncycastle.tsp.TimeStampTokenInfo;

/** RFC 3161: a token, or the response that carries it, over data, and over the query if there is one. */
final class TimestampJudge {
    private TimestampJudge() {}

    static void command(Report report, Arguments arguments) throws Exception {
        byte[] subject = arguments.subject();
        byte[] data = arguments.bytes("--data");
        TimeStampRequest query =
            arguments.has("--query") ? new TimeStampRequest(arguments.bytes("--query")) : null;
        TimeStampToken[] found = new TimeStampToken[1];
        if (!report.check("token", () -> {
            found[0] = token(subject, query);
            return "serial " + found[0].getTimeStampInfo().getSerialNumber().toString(16);
        })) {
            return;
        }
        TimeStampToken token = found[0];
        TimeStampTokenInfo info = token.getTimeStampInfo();
        report.check("imprint", () -> {
            MessageDigest digest = MessageDigest.getInstance(info.getMessageImprintAlgOID().getId(), "BC");
            Report.require(Arrays.equals(digest.digest(data), info.getMessageImprintDigest()), "of other data");
            return digest.getAlgorithm();
        });
        report.check("serial", () -> {
            Report.require(info.getSerialNumber().signum() > 0, "not positive");
            Report.require(info.getSerialNumber().bitLength() <= 160, "longer than 160 bits");
            return info.getSerialNumber().bitLength() + " bits";
        });
        if (query != null) {
            report.check("query", () -> query(info, query));
        }
        List<X509CertificateHolder> others = new ArrayList<>(arguments.certificates("--certs"));
        for (Object each : token.getCertificates().getMatches(null)) {
            others.add((X509CertificateHolder) each);
        }
        X509CertificateHolder[] signer = new X509CertificateHolder[1];
        if (report.check("signature", () -> {
            signer[0] = signer(token, others);
            TSPUtil.validateCertificate(signer[0]);
            token.validate(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(signer[0]));
            return CmsJudge.algorithms(token.toCMSSignedData().getSignerInfos().iterator().next());
        })) {
            report.check("signing-certificate", () -> {
                Attribute v2 = token.getSignedAttributes().get(PKCSObjectIdentifiers.id_aa_signingCertificateV2);
                Report.require(v2 != null, "no ESSCertIDv2");
                return "ESSCertIDv2";
            });
            Date at = arguments.has("--at") ? arguments.at() : info.getGenTime();
            PathJudge.judge(report, signer[0], arguments.certificates("--anchors"), others,
                arguments.crls("--crl"), at, false);
        }
        report.note("genTime", info.getGenTime().toInstant().toString());
        report.note("policy", info.getPolicy().getId());
        report.note("accuracy", info.getGenTimeAccuracy() == null ? "absent" : "present");
    }

    private static TimeStampToken token(byte[] subject, TimeStampRequest query) throws Exception {
        ASN1Sequence outer = ASN1Sequence.getInstance(subject);
        if (outer.getObjectAt(0) instanceof ASN1ObjectIdentifier) {
            return new TimeStampToken(new CMSSignedData(subject));
        }
        TimeStampResponse response = new TimeStampResponse(subject);
        Report.require(response.getStatus() <= 1 && response.getTimeStampToken() != null,
            "status " + response.getStatus() + ", " + response.getStatusString());
        if (query != null) {
            response.validate(query);
        }
        return response.getTimeStampToken();
    }

    private static String query(TimeStampTokenInfo info, TimeStampRequest query) throws Exception {
        Report.require(query.getMessageImprintAlgOID().equals(info.getMessageImprintAlgOID())
            && Arrays.equals(query.getMessageImprintDigest(), info.getMessageImprintDigest()), "imprint");
        Report.require(query.getNonce() == null || query.getNonce().equals(info.getNonce()), "nonce");
        Report.require(query.getReqPolicy() == null || query.getReqPolicy().equals(info.getPolicy()), "policy");
        return query.getNonce() == null ? "no nonce" : "nonce";
    }

    private static X509CertificateHolder signer(TimeStampToken token, List<X509CertificateHolder> from)
            throws Report.Refusal {
        for (X509CertificateHolder candidate : from) {
            if (token.getSID().match(candidate)) {
                return candidate;
            }
        }
        throw new Report.Refusal("the signer's certificate is not there");
    }
}
