package io.sppostream.verify.math.read;

/**
 * One token of an answer.
 *
 * @param text the number, letter, word, normalized command, content of a text command, or punctuation
 */
record Token(Kind kind, String text) {
    static final Token END = new Token(Kind.END, "");

    enum Kind {
        /** Digits, with at most one decimal point, an exponent, or a repeating part in parentheses. */
        NUMBER,
        /** One letter. */
        LETTER,
        /** A known plain word of two or more letters, such as {@code cm}. */
        WORD,
        /** A LaTeX command without its backslash. */
        COMMAND,
        /** The content of a text command. */
        TEXT,
        PUNCTUATION,
        END
    }

    boolean isPunctuation(String expected) {
        return kind == Kind.PUNCTUATION && text.equals(expected);
    }

    boolean isCommand(String expected) {
        return kind == Kind.COMMAND && text.equals(expected);
    }
}
