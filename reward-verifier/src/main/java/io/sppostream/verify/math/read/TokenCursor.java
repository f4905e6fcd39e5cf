package io.sppostream.verify.math.read;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/** A position in a list of tokens, with the matching brackets and the limits on depth and size of an answer. */
final class TokenCursor {
    private static final int MAX_DEPTH = 64;
    private static final int MAX_NODES = 500;

    private final List<Token> tokens;
    private final int[] closers;
    private int position;
    private int depth;
    private int nodes;

    TokenCursor(List<Token> tokens) {
        this.tokens = tokens;
        this.closers = matchBrackets(tokens);
    }

    private static int[] matchBrackets(List<Token> tokens) {
        int[] closers = new int[tokens.size()];
        Arrays.fill(closers, -1);
        Deque<Integer> open = new ArrayDeque<>();
        for (int i = 0; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            if (isOpener(token)) {
                open.push(i);
            } else if (isCloser(token) && !open.isEmpty()) {
                closers[open.pop()] = i;
            }
        }
        return closers;
    }

    private static boolean isOpener(Token token) {
        return switch (token.kind()) {
            case PUNCTUATION ->
                token.text().equals("(")
                        || token.text().equals("[")
                        || token.text().equals("{")
                        || token.text().equals("\\{");
            case COMMAND -> token.text().equals("langle");
            default -> false;
        };
    }

    private static boolean isCloser(Token token) {
        return switch (token.kind()) {
            case PUNCTUATION ->
                token.text().equals(")")
                        || token.text().equals("]")
                        || token.text().equals("}")
                        || token.text().equals("\\}");
            case COMMAND -> token.text().equals("rangle");
            default -> false;
        };
    }

    Token peek() {
        return peek(0);
    }

    Token peek(int ahead) {
        int at = position + ahead;
        return at < tokens.size() ? tokens.get(at) : Token.END;
    }

    Token next() {
        Token token = peek();
        position++;
        return token;
    }

    boolean atEnd() {
        return position >= tokens.size();
    }

    boolean at(String punctuation) {
        return peek().isPunctuation(punctuation);
    }

    boolean accept(String punctuation) {
        if (at(punctuation)) {
            position++;
            return true;
        }
        return false;
    }

    void expect(String punctuation) {
        if (!accept(punctuation)) {
            throw new ParseFailure("syntax");
        }
    }

    /** The token that closes the bracket at the cursor, or {@link Token#END} if none does. */
    Token closer() {
        int closer = atEnd() ? -1 : closers[position];
        return closer < 0 ? Token.END : tokens.get(closer);
    }

    /** Whether the last token closes the bracket at the cursor. */
    boolean closesAtEnd() {
        return closers[position] == tokens.size() - 1;
    }

    /** Whether the bracket at the cursor has several parts, separated by commas or semicolons. */
    boolean bracketHoldsSeveral() {
        return bracketHolds(",") || bracketHolds(";");
    }

    /** Whether the bracket at the cursor has this punctuation, outside any bracket in it. */
    boolean bracketHolds(String punctuation) {
        int end = closers[position];
        for (int i = position + 1; i < end; i++) {
            if (closers[i] >= 0) {
                i = closers[i];
            } else if (tokens.get(i).isPunctuation(punctuation)) {
                return true;
            }
        }
        return false;
    }

    /** Whether a minus sign before a set is next: the difference of sets, not of numbers. */
    boolean atMinusSet() {
        return at("-") && peek(1).isPunctuation("\\{");
    }

    /** Whether "mod" is next, by itself or first in brackets. */
    boolean atModulus() {
        Token token = at("(") ? peek(1) : peek();
        return token.isCommand("mod") || token.isCommand("pmod");
    }

    int position() {
        return position;
    }

    void rewind(int to) {
        position = to;
    }

    /** Enters a level of nesting; fails beyond the deepest one allowed. */
    void enter() {
        if (++depth > MAX_DEPTH) {
            throw new ParseFailure("too-deep");
        }
    }

    void leave() {
        depth--;
    }

    /** Counts a node of the answer; fails beyond the number allowed. */
    <T> T node(T node) {
        if (++nodes > MAX_NODES) {
            throw new ParseFailure("too-many-nodes");
        }
        return node;
    }
}
