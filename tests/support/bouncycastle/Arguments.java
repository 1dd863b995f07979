import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.util.encoders.Base64;

/**
 * The command's words: a verb, options (each may come more than once and takes all words up to the next
 * option, but the last word of the line is the subject), and the subject. A value that names bytes is a
 * file, or {@code base64:…}, which is the bytes themselves; each is PEM (any number of objects) or DER.
 */
final class Arguments {
    static final class Usage extends Exception {
        private static final long serialVersionUID = 1L;

        Usage(String message) {
            super(message);
        }
    }

    private static final Set<String> FLAGS = new HashSet<>(Arrays.asList("--attached", "--deltas"));

    final String verb;
    private final Map<String, List<String>> options = new HashMap<>();
    private final String subject;

    Arguments(String[] words) throws Usage {
        if (words.length == 0) {
            throw new Usage("no command");
        }
        verb = words[0];
        String option = null;
        String last = null;
        for (int i = 1; i < words.length; i++) {
            if (words[i].startsWith("--")) {
                option = words[i];
                options.computeIfAbsent(option, k -> new ArrayList<>());
                if (FLAGS.contains(option)) {
                    option = null;
                }
            } else if (i == words.length - 1 && (option == null || !options.get(option).isEmpty())) {
                last = words[i];
            } else if (option == null) {
                throw new Usage("a value without an option: " + words[i]);
            } else {
                options.get(option).add(words[i]);
            }
        }
        subject = last;
    }

    boolean has(String option) {
        return options.containsKey(option);
    }

    byte[] subject() throws Usage, IOException {
        if (subject == null) {
            throw new Usage(verb + " wants a file to judge");
        }
        return read(subject);
    }

    String text(String option) throws Usage {
        List<String> values = options.getOrDefault(option, List.of());
        if (values.size() != 1) {
            throw new Usage(verb + " wants one " + option);
        }
        return values.get(0);
    }

    /** The bytes of each value of an option that may have several. */
    List<byte[]> all(String option) throws IOException {
        List<byte[]> found = new ArrayList<>();
        for (String value : options.getOrDefault(option, List.of())) {
            found.add(read(value));
        }
        return found;
    }

    byte[] bytes(String option) throws Usage, IOException {
        return read(text(option));
    }

    /** The time to judge at; now if none is named. */
    Date at() throws Usage {
        return has("--at") ? Date.from(OffsetDateTime.parse(text("--at")).toInstant()) : Date.from(Instant.now());
    }

    List<X509CertificateHolder> certificates(String option) throws IOException {
        List<X509CertificateHolder> found = new ArrayList<>();
        for (String value : options.getOrDefault(option, List.of())) {
            found.addAll(certificates(read(value)));
        }
        return found;
    }

    X509CertificateHolder certificate(String option) throws Usage, IOException {
        List<X509CertificateHolder> found = certificates(option);
        if (found.size() != 1) {
            throw new Usage(verb + " wants one certificate as " + option);
        }
        return found.get(0);
    }

    List<X509CRLHolder> crls(String option) throws IOException {
        List<X509CRLHolder> found = new ArrayList<>();
        for (String value : options.getOrDefault(option, List.of())) {
            found.add(crl(read(value)));
        }
        return found;
    }

    static List<X509CertificateHolder> certificates(byte[] data) throws IOException {
        List<X509CertificateHolder> found = new ArrayList<>();
        if (!pem(data)) {
            found.add(new X509CertificateHolder(data));
            return found;
        }
        for (Object object : objects(data)) {
            if (object instanceof X509CertificateHolder) {
                found.add((X509CertificateHolder) object);
            }
        }
        return found;
    }

    static X509CRLHolder crl(byte[] data) throws IOException {
        if (!pem(data)) {
            return new X509CRLHolder(data);
        }
        for (Object object : objects(data)) {
            if (object instanceof X509CRLHolder) {
                return (X509CRLHolder) object;
            }
        }
        throw new IOException("no CRL in the PEM file");
    }

    /** The DER inside one PEM block, or the bytes themselves. */
    static byte[] der(byte[] data) throws IOException {
        if (!pem(data)) {
            return data;
        }
        try (PEMParser parser = new PEMParser(reader(data))) {
            return parser.readPemObject().getContent();
        }
    }

    private static boolean pem(byte[] data) {
        String head = new String(data, 0, Math.min(data.length, 4096), StandardCharsets.ISO_8859_1);
        return data.length > 0 && data[0] != 0x30 && head.contains("-----BEGIN ");
    }

    private static List<Object> objects(byte[] data) throws IOException {
        List<Object> found = new ArrayList<>();
        try (PEMParser parser = new PEMParser(reader(data))) {
            for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
                found.add(object);
            }
        }
        return found;
    }

    private static InputStreamReader reader(byte[] data) {
        return new InputStreamReader(new ByteArrayInputStream(data), StandardCharsets.ISO_8859_1);
    }

    private static byte[] read(String value) throws IOException {
        return value.startsWith("base64:")
            ? Base64.decode(value.substring("base64:".length()))
            : Files.readAllBytes(Path.of(value));
    }
}
