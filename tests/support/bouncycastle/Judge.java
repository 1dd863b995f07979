import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.Security;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * Judges certificates, CRLs, OCSP answers, timestamps, CMS and signatures with Bouncy Castle alone.
 *
 * <pre>
 * Judge chain --anchors roots.pem [--certs chain.pem] [--crl f.crl …] [--deltas] [--at RFC3339] leaf.pem
 * Judge crl --issuer ca.pem [--at RFC3339] f.crl
 * Judge ocsp --issuer ca.pem --cert leaf.pem [--nonce hex] [--status good|revoked|unknown] [--at …] resp.der
 * Judge timestamp --anchors roots.pem [--certs …] --data f [--query q.tsq] [--crl …] [--at …] token.tst
 * Judge cms --content f|--attached --anchors roots.pem [--certs …] [--crl …] [--at …] sig.p7s
 * Judge sm2-verify [--algorithm SHA256withECDSA] --pub spki.der --data f --sig s.der
 * Judge sm2-sign --data f --out directory
 * Judge record --anchors roots.pem --data f … [--at RFC3339] record.ers
 * Judge record-request --digest id.der --groups f … | --record r.ers [--data f …] --out q.tsq
 * Judge record-make --digest id.der --groups f … | --record r.ers [--data f …] --out prefix response.tsr
 * Judge serve
 * </pre>
 *
 * One JSON line a check, then the verdict; exit 0 accepted, 1 refused, 2 unsupported, 64 usage.
 * {@code serve} takes one JSON array of these words a line and answers each with such lines.
 */
public final class Judge {
    private static final int USAGE = 64;

    private Judge() {}

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
            Arguments arguments = new Arguments(words);
            switch (arguments.verb) {
                case "chain" -> PathJudge.command(report, arguments);
                case "crl" -> CrlJudge.command(report, arguments);
                case "ocsp" -> OcspJudge.command(report, arguments);
                case "timestamp" -> TimestampJudge.command(report, arguments);
                case "cms" -> CmsJudge.command(report, arguments);
                case "sm2-verify" -> SignatureJudge.verify(report, arguments);
                case "sm2-sign" -> SignatureJudge.sign(report, arguments);
                case "record" -> RecordJudge.judge(report, arguments);
                case "record-request" -> RecordJudge.request(report, arguments);
                case "record-make" -> RecordJudge.make(report, arguments);
                default -> throw new Arguments.Usage("no such command: " + arguments.verb);
            }
        } catch (Arguments.Usage e) {
            out.println("{\"verdict\":\"usage\",\"detail\":" + Json.quote(e.getMessage()) + "}");
            out.flush();
            return USAGE;
        } catch (Exception | StackOverflowError e) {
            // Bytes that do not parse are refused like bytes that do not verify.
            report.check("input", () -> {
                throw new Exception(e);
            });
        }
        return report.verdict();
    }
}
