package io.sppostream.feed.data;

/** Reference answers in the texts that datasets give for them. */
public final class References {
    private static final String GSM8K_MARK = "####";
    private static final String BOXED = "\\boxed{";

    private References() {}

    /** The reference answer in an answer, which may be a worked one in the format of GSM8K: the text after its last mark. */
    public static String of(String answer) {
        int mark = answer.lastIndexOf(GSM8K_MARK);
        return (mark < 0 ? answer : answer.substring(mark + GSM8K_MARK.length())).strip();
    }

    /** The reference answer in an answer or, if it is a worked solution, what its last {@code \boxed} contains. */
    static String of(String answer, boolean isSolution) {
        return of(isSolution ? lastBoxed(answer) : answer);
    }

    /** The content of the last box whose braces are balanced; the whole text if it has none. */
    private static String lastBoxed(String text) {
        for (int box = text.lastIndexOf(BOXED); box >= 0; box = text.lastIndexOf(BOXED, box - 1)) {
            int begin = box + BOXED.length();
            int open = 1;
            for (int i = begin; i < text.length(); i++) {
                char character = text.charAt(i);
                if (character == '\\') {
                    i++; // An escaped brace is not one.
                } else if (character == '{') {
                    open++;
                } else if (character == '}' && --open == 0) {
                    return text.substring(begin, i);
                }
            }
        }
        return text;
    }
}
