package io.sppostream.verify.math.read;

/** Matching braces in LaTeX text. */
final class Braces {
    /** Characters after the opening brace that are searched. */
    private static final int MAX_SEARCHED = 4 * AnswerExtractor.MAX_ANSWER;

    private Braces() {}

    /** Index of the brace that closes the one at {@code open}, or -1. Escaped braces do not count. */
    static int closing(String text, int open) {
        int depth = 0;
        int limit = (int) Math.min(text.length(), (long) open + MAX_SEARCHED);
        for (int i = open; i < limit; i++) {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '{') {
                depth++;
            } else if (c == '}') {
                depth--;
                if (depth == 0) {
                    return i;
                }
            }
        }
        return -1;
    }
}
