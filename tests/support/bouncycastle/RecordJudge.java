import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.tsp.ArchiveTimeStamp;
import org.bouncycastle.asn1.tsp.ArchiveTimeStampChain;
import org.bouncycastle.asn1.tsp.EvidenceRecord;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.DigestCalculator;
import org.bouncycastle.operator.DigestCalculatorProvider;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.TSPUtil;
import org.bouncycastle.tsp.TimeStampRequest;
import org.bouncycastle.tsp.TimeStampRequestGenerator;
import org.bouncycastle.tsp.TimeStampResponse;
import org.bouncycastle.tsp.TimeStampToken;
import org.bouncycastle.tsp.ers.ERSArchiveTimeStamp;
import org.bouncycastle.tsp.ers.ERSArchiveTimeStampGenerator;
import org.bouncycastle.tsp.ers.ERSByteData;
import org.bouncycastle.tsp.ers.ERSData;
import org.bouncycastle.tsp.ers.ERSDataGroup;
import org.bouncycastle.tsp.ers.ERSEvidenceRecord;
import org.bouncycastle.tsp.ers.ERSEvidenceRecordGenerator;

/**
 * RFC 4998 by Bouncy Castle's own classes: judges a record over documents, and makes and renews records.
 *
 * <p>The library's {@code validate} looks at the newest token's signature alone, and {@code
 * validatePresent} at the newest chain alone, so every token is also verified here by itself, and the
 * documents also before the first chain.
 */
final class RecordJudge {
    private RecordJudge() {}

    static void judge(Report report, Arguments arguments) throws Exception {
        byte[] subject = arguments.subject();
        Date at = arguments.at();
        DigestCalculatorProvider digests = new JcaDigestCalculatorProviderBuilder().setProvider("BC").build();
        List<ERSData> documents = documents(arguments, "--data");
        ERSEvidenceRecord[] found = new ERSEvidenceRecord[1];
        if (!report.check("record", () -> {
            ASN1Primitive parsed = ASN1Primitive.fromByteArray(subject);
            Report.require(Arrays.equals(parsed.getEncoded("DER"), subject), "not DER");
            found[0] = new ERSEvidenceRecord(subject, digests);
            return "read, its renewals hold";
        })) {
            return;
        }
        ERSEvidenceRecord record = found[0];
        report.check("present", () -> {
            for (ERSData document : documents) {
                record.validatePresent(document, at);
            }
            if (documents.size() > 1) {
                record.validatePresent(new ERSDataGroup(documents), at);
            }
            return documents.size() + " documents";
        });
        List<X509CertificateHolder> anchors = arguments.certificates("--anchors");
        report.check("newest", () -> {
            record.validate(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC")
                .build(record.getSigningCertificate()));
            return record.getSigningCertificate().getSubject().toString();
        });
        ArchiveTimeStampChain[] chains = record.toASN1Structure().getArchiveTimeStampSequence()
            .getArchiveTimeStampChains();
        report.check("first", () -> {
            ERSArchiveTimeStamp first = new ERSArchiveTimeStamp(chains[0].getArchiveTimestamps()[0], digests);
            for (ERSData document : documents) {
                first.validatePresent(document, at);
            }
            if (documents.size() > 1) {
                first.validatePresent(new ERSDataGroup(documents), at);
            }
            return chains.length + " chains";
        });
        for (ArchiveTimeStampChain chain : chains) {
            for (ArchiveTimeStamp stamp : chain.getArchiveTimestamps()) {
                token(report, new TimeStampToken(stamp.getTimeStamp()), anchors);
            }
        }
    }

    private static void token(Report report, TimeStampToken token, List<X509CertificateHolder> anchors)
            throws Exception {
        List<X509CertificateHolder> carried = new ArrayList<>(token.getCertificates().getMatches(null));
        X509CertificateHolder[] signer = new X509CertificateHolder[1];
        if (report.check("token", () -> {
            for (X509CertificateHolder each : carried) {
                if (token.getSID().match(each)) {
                    signer[0] = each;
                }
            }
            Report.require(signer[0] != null, "no certificate");
            TSPUtil.validateCertificate(signer[0]);
            token.validate(new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(signer[0]));
            return token.getTimeStampInfo().getGenTime().toInstant().toString();
        })) {
            PathJudge.judge(report, signer[0], anchors, carried, List.of(), token.getTimeStampInfo().getGenTime(),
                false);
        }
    }

    /**
     * What is to be timestamped next, into {@code --out}: for the groups of {@code --data}, each its own
     * option's words joined by commas; or, given {@code --record}, for its renewal.
     */
    static void request(Report report, Arguments arguments) throws Exception {
        report.check("request", () -> {
            TimeStampRequestGenerator generator = new TimeStampRequestGenerator();
            generator.setCertReq(true);
            TimeStampRequest request;
            if (!arguments.has("--record")) {
                request = tree(arguments).generateTimeStampRequest(generator);
            } else if (arguments.has("--data")) {
                request = record(arguments).generateHashRenewalRequest(calculator(arguments), group(arguments),
                    generator, BigInteger.ONE);
            } else {
                request = record(arguments).generateTimeStampRenewalRequest(generator);
            }
            Files.write(Path.of(arguments.text("--out")), request.getEncoded());
            return "made";
        });
    }

    /** The records that the response makes of the same words, into {@code --out}.0, .1 and so on. */
    static void make(Report report, Arguments arguments) throws Exception {
        report.check("records", () -> {
            TimeStampResponse response = new TimeStampResponse(arguments.subject());
            List<ERSEvidenceRecord> made;
            if (!arguments.has("--record")) {
                made = new ERSEvidenceRecordGenerator(provider()).generate(tree(arguments)
                    .generateArchiveTimeStamps(response));
            } else if (arguments.has("--data")) {
                made = List.of(record(arguments).renewHash(calculator(arguments), group(arguments), response));
            } else {
                made = List.of(record(arguments).renewTimeStamp(response));
            }
            for (int i = 0; i < made.size(); i++) {
                EvidenceRecord structure = made.get(i).toASN1Structure();
                Files.write(Path.of(arguments.text("--out") + "." + i), structure.getEncoded("DER"));
            }
            return made.size() + " records";
        });
    }

    private static ERSArchiveTimeStampGenerator tree(Arguments arguments) throws Exception {
        ERSArchiveTimeStampGenerator generator = new ERSArchiveTimeStampGenerator(calculator(arguments));
        for (byte[] list : arguments.all("--groups")) {
            List<ERSData> documents = new ArrayList<>();
            for (String one : new String(list, "US-ASCII").split(",")) {
                documents.add(new ERSByteData(org.bouncycastle.util.encoders.Base64.decode(one)));
            }
            generator.addData(documents.size() == 1 ? documents.get(0) : new ERSDataGroup(documents));
        }
        return generator;
    }

    private static ERSEvidenceRecord record(Arguments arguments) throws Exception {
        return new ERSEvidenceRecord(arguments.bytes("--record"), provider());
    }

    private static ERSData group(Arguments arguments) throws Exception {
        List<ERSData> documents = documents(arguments, "--data");
        return documents.size() == 1 ? documents.get(0) : new ERSDataGroup(documents);
    }

    private static List<ERSData> documents(Arguments arguments, String option) throws Exception {
        List<ERSData> found = new ArrayList<>();
        for (byte[] one : arguments.all(option)) {
            found.add(new ERSByteData(one));
        }
        return found;
    }

    private static DigestCalculator calculator(Arguments arguments) throws Exception {
        return provider().get(AlgorithmIdentifier.getInstance(arguments.bytes("--digest")));
    }

    private static DigestCalculatorProvider provider() throws Exception {
        return new JcaDigestCalculatorProviderBuilder().setProvider("BC").build();
    }
}
