package io.sppostream.run.report;

/** Makes text of prompts, answers and labels safe to print on a terminal. */
public final class TerminalText {
    private TerminalText() {}

    /**
     * Replaces every control, format and unpaired surrogate character by an escape as Java writes it, so that the text
     * stays on one line and cannot move the cursor, colour the terminal or reorder what is read. A backslash is left as
     * it is: the text is for reading, not for parsing.
     */
    public static String printable(String text) {
        StringBuilder printable = new StringBuilder(text.length());
        text.codePoints().forEach(c -> append(printable, c));
        return printable.toString();
    }

    private static void append(StringBuilder printable, int codePoint) {
        switch (codePoint) {
            case '\n' -> printable.append("\\n");
            case '\r' -> printable.append("\\r");
            case '\t' -> printable.append("\\t");
            default -> {
                if (isUnsafe(codePoint)) {
                    for (char unit : Character.toChars(codePoint)) {
                        printable.append(String.format("\\u%04x", (int) unit));
                    }
                } else {
                    printable.appendCodePoint(codePoint);
                }
            }
        }
    }

    private static boolean isUnsafe(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }
}
