import java.util.ArrayList;
import java.util.List;

/** As much JSON as the judge speaks: it reads one array of strings, it writes strings. */
final class Json {
    private Json() {}

    static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20 || c > 0x7e) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }

    static String[] strings(String line) {
        List<String> found = new ArrayList<>();
        int at = skip(line, 0);
        expect(line, at++, '[');
        at = skip(line, at);
        while (line.charAt(at) != ']') {
            expect(line, at++, '"');
            StringBuilder text = new StringBuilder();
            while (line.charAt(at) != '"') {
                char c = line.charAt(at++);
                if (c != '\\') {
                    text.append(c);
                    continue;
                }
                c = line.charAt(at++);
                if (c == 'u') {
                    text.append((char) Integer.parseInt(line.substring(at, at + 4), 16));
                    at += 4;
                } else {
                    int known = "\"\\/bfnrt".indexOf(c);
                    if (known < 0) {
                        throw new IllegalArgumentException("bad escape");
                    }
                    text.append("\"\\/\b\f\n\r\t".charAt(known));
                }
            }
            found.add(text.toString());
            at = skip(line, at + 1);
            if (line.charAt(at) == ',') {
                at = skip(line, at + 1);
            } else {
                expect(line, at, ']');
            }
        }
        return found.toArray(new String[0]);
    }

    private static int skip(String line, int from) {
        int at = from;
        while (Character.isWhitespace(line.charAt(at))) {
            at++;
        }
        return at;
    }

    private static void expect(String line, int at, char wanted) {
        if (line.charAt(at) != wanted) {
            throw new IllegalArgumentException("an array of strings is wanted");
        }
    }
}
