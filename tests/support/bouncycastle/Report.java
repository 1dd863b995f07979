import java.io.PrintStream;

/** What a judge found: one JSON line a check, then one line with the verdict. */
final class Report {
    /** A check that may throw: what it returns is the detail of a pass, what it throws that of a refusal. */
    interface Step {
        String run() throws Exception;
    }

    /** Refusal of one step, in words. */
    static final class Refusal extends Exception {
        private static final long serialVersionUID = 1L;

        Refusal(String message) {
            super(message);
        }
    }

    /** The judge has no means to decide: neither accepted nor refused. */
    static final class Unsupported extends Exception {
        private static final long serialVersionUID = 1L;

        Unsupported(String message) {
            super(message);
        }
    }

    private final PrintStream out;
    private int checks;
    private boolean refused;
    private boolean unsupported;

    Report(PrintStream out) {
        this.out = out;
    }

    /** Runs a step and prints it; true if it passed. */
    boolean check(String name, Step step) {
        checks++;
        try {
            line(name, "passed", step.run());
            return true;
        } catch (Unsupported e) {
            unsupported = true;
            line(name, "unsupported", words(e));
        } catch (Exception e) {
            refused = true;
            line(name, "refused", words(e));
        }
        return false;
    }

    /** A fact for the reader, that decides nothing. */
    void note(String name, String detail) {
        line(name, "note", detail);
    }

    /** 0 accepted, 1 refused, 2 unsupported. A report without a check accepts nothing. */
    int verdict() {
        boolean bad = refused || checks == 0;
        String word = bad ? "refused" : unsupported ? "unsupported" : "accepted";
        out.println("{\"verdict\":" + Json.quote(word) + "}");
        out.flush();
        return bad ? 1 : unsupported ? 2 : 0;
    }

    static void require(boolean holds, String otherwise) throws Refusal {
        if (!holds) {
            throw new Refusal(otherwise);
        }
    }

    private void line(String name, String outcome, String detail) {
        out.println("{\"check\":" + Json.quote(name) + ",\"outcome\":" + Json.quote(outcome)
            + ",\"detail\":" + Json.quote(detail) + "}");
    }

    private static String words(Throwable thrown) {
        StringBuilder text = new StringBuilder();
        for (Throwable t = thrown; t != null && text.length() < 2000; t = t.getCause()) {
            String message = t.getMessage() == null ? "" : t.getMessage();
            boolean own = t instanceof Refusal || t instanceof Unsupported;
            text.append(text.length() == 0 ? "" : " <- ")
                .append(own ? message : t.getClass().getSimpleName() + ": " + message);
        }
        return text.toString();
    }
}
