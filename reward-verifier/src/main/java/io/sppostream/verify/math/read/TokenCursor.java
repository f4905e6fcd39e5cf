package io.sppostream.verify.math.read;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/** A place in a list of tokens, which bracket closes which, and the limits on depth and size of what is parsed. */
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

    /** The token that closes the bracket at the cursor, or {@link Token#END} where nothing does. */
    Token closer() {
        int closer = atEnd() ? -1 : closers[position];
        return closer < 0 ? Token.END : tokens.get(closer);
    }

    /** Whether the bracket at the cursor is closed by the very last token. */
    boolean closesAtEnd() {
        return closers[position] == tokens.size() - 1;
    }

    /** Whether the bracket at the cursor holds several parts. */
    boolean bracketHoldsSeveral() {
        int end = closers[position];
        for (int i = position + 1; i < end; i++) {
            if (closers[i] >= 0) {
                i = closers[i];
            } else if (tokens.get(i).isPunctuation(",") || tokens.get(i).isPunctuation(";")) {
                return true;
            }
        }
        return false;
    }

    /** Whether "mod" comes next, on its own or first in brackets. */
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

    void enter() {
        if (++depth > MAX_DEPTH) {
            throw new ParseFailure("too-deep");
        }
    }

    void leave() {
        depth--;
    }

    <T> T node(T node) {
        if (++nodes > MAX_NODES) {
            throw new ParseFailure("too-many-nodes");
        }
        return node;
    }
}
