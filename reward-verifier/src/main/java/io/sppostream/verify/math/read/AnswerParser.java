package io.sppostream.verify.math.read;

import io.sppostream.verify.math.answer.Answer;
import io.sppostream.verify.math.answer.Answer.Relator;
import io.sppostream.verify.math.answer.Answer.Sequence;
import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Constant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Parses an answer: lists, relations, sets, intervals, ratios, units and words. {@link ExpressionParser} parses the
 * expressions in it.
 *
 * <pre>
 * answer   := relation ((',' | ';' | 'and' | 'or') relation)*
 * relation := side (relator side)*
 * side     := ratio (('\cup' | '\setminus') ratio)*
 * ratio    := part (':' part)* | '(' part (':' part)+ ')'
 * part     := bracket of several parts | expression ['%' | unit]
 * </pre>
 */
public final class AnswerParser {
    private static final Map<String, Relator> RELATORS = Map.of(
            "=", Relator.EQUAL,
            "~=", Relator.APPROXIMATELY,
            "!=", Relator.UNEQUAL,
            "<", Relator.LESS,
            "<=", Relator.AT_MOST,
            ">", Relator.GREATER,
            ">=", Relator.AT_LEAST,
            "in", Relator.MEMBER,
            "mid", Relator.DIVIDES,
            "===", Relator.CONGRUENT);

    private static final Set<String> ELLIPSES = Set.of("ldots", "cdots", "dots", "dotsc");

    /** An answer that is a single text command. */
    private static final Pattern ALL_TEXT =
            Pattern.compile("\\\\(?:text|textbf|textit|textrm|textnormal|mbox|mathrm|operatorname)\\s*\\{([^{}]*)\\}");

    /** A number and what it counts. */
    private static final Pattern COUNTED = Pattern.compile("([-+]?[\\d.,/]+)\\s+([A-Za-z]{2,}(?: [A-Za-z]+)?)");

    /** A signed or bracketed number and more, without words. */
    private static final Pattern NUMERIC = Pattern.compile("[-+\u2212\u2013$(\\[. ]+\\d(?:(?![A-Za-z]{2})[^{}])*");

    private static final Pattern WORDS = Pattern.compile("[A-Za-z][A-Za-z'’ -]*[A-Za-z']");

    private final TokenCursor cursor;
    private final ExpressionParser expressions;

    private AnswerParser(List<Token> tokens) {
        this.cursor = new TokenCursor(tokens);
        this.expressions = new ExpressionParser(cursor);
    }

    /**
     * Parses a text.
     *
     * @throws ParseFailure if it is not an answer
     * @throws io.sppostream.verify.math.number.Undecided if a number in it is too large
     */
    public static Answer parse(String source) {
        if (source.length() > AnswerExtractor.MAX_ANSWER) {
            throw new ParseFailure("too-long");
        }
        String text = trimmed(source);
        Answer words = words(text);
        if (words != null) {
            return words;
        }
        List<Token> tokens = Lexer.tokenize(text);
        if (tokens.isEmpty()) {
            throw new ParseFailure("empty");
        }
        AnswerParser parser = new AnswerParser(tokens);
        Answer answer = parser.list();
        if (!parser.cursor.atEnd()) {
            throw new ParseFailure("syntax");
        }
        return answer;
    }

    /** The text without surrounding blanks, punctuation and math delimiters. */
    static String trimmed(String source) {
        String text = source.strip();
        while (true) {
            String before = text;
            if (text.endsWith("\\")) {
                text = text.substring(0, text.length() - 1);
            }
            if (!text.isEmpty()
                    && ".,;:$".indexOf(text.charAt(text.length() - 1)) >= 0
                    && !text.endsWith("\\,")
                    && !text.endsWith("\\;")
                    && !text.endsWith("\\$")
                    && !text.endsWith("\\:")) {
                text = text.substring(0, text.length() - 1);
            }
            for (String delimiter : List.of("\\]", "\\)", "\\,", "\\;", "\\!")) {
                if (text.endsWith(delimiter)) {
                    text = text.substring(0, text.length() - 2);
                }
            }
            if (text.length() > 4 && text.startsWith("**") && text.endsWith("**")) {
                text = text.substring(2, text.length() - 2);
            }
            for (String delimiter : List.of("\\[", "\\(")) {
                if (text.startsWith(delimiter)) {
                    text = text.substring(2);
                }
            }
            text = text.strip();
            if (text.equals(before)) {
                return text;
            }
        }
    }

    /** An answer in words: a text command that is not mathematics, or several plain words. Null for any other answer. */
    private static @Nullable Answer words(String text) {
        String bare = text.replace("\\$", "").replace("$", "").strip();
        Matcher matcher = ALL_TEXT.matcher(bare);
        if (matcher.matches()) {
            String content = matcher.group(1).strip();
            return ofText(content);
        }
        return WORDS.matcher(bare).matches() && bare.contains(" ") && isWords(bare) ? new Answer.Text(bare) : null;
    }

    /** Whether letters and blanks are words, and not a formula such as {@code p - q} or {@code sin x}, nor a list. */
    private static boolean isWords(String text) {
        boolean any = false;
        for (String word : text.split("[ -]+", -1)) {
            if (word.equals("and") || word.equals("or")) {
                return false;
            }
            any |= word.length() > 1 && !Notation.WORDS.contains(word);
        }
        return any && !text.contains(" -") && !text.contains("- ");
    }

    /** The content of a text command: a number with or without a word after it, words, or several of these. */
    private static Answer ofText(String content) {
        Matcher counted = COUNTED.matcher(content);
        Answer number = counted.matches()
                ? parsedOrNull(counted.group(1) + "\\text{" + counted.group(2) + "}")
                : NUMERIC.matcher(content).matches() ? parsedOrNull(content) : null;
        if (number != null) {
            return number;
        }
        if (content.matches("[A-Za-z]|\\d[^{}]*|\\([A-Z]\\)")) {
            return parse(content);
        }
        return content.matches("[^,]*[A-Za-z]{2}[^,]*")
                ? new Answer.Text(content)
                : new Sequence(Sequence.Kind.LIST, texts(content));
    }

    private static @Nullable Answer parsedOrNull(String text) {
        try {
            return parse(text);
        } catch (ParseFailure notMathematics) {
            return null;
        }
    }

    private static List<Answer> texts(String content) {
        List<Answer> texts = new ArrayList<>();
        for (String part : content.split(",|\\band\\b", -1)) {
            if (!part.isBlank()) {
                texts.add(new Answer.Text(part.strip()));
            }
        }
        if (texts.isEmpty()) {
            throw new ParseFailure("empty");
        }
        return List.copyOf(texts);
    }

    // ---- lists and relations ----

    private Answer list() {
        if (cursor.at("{") && cursor.closesAtEnd() && !cursor.bracketHoldsSeveral()) {
            cursor.enter();
            cursor.next();
            Answer inner = list();
            cursor.expect("}");
            cursor.leave();
            return inner;
        }
        List<Answer> items = items();
        return items.size() == 1 ? items.get(0) : cursor.node(new Sequence(Sequence.Kind.LIST, items));
    }

    private List<Answer> items() {
        List<Answer> items = new ArrayList<>();
        do {
            items.add(relation());
        } while (acceptSeparators());
        return List.copyOf(items);
    }

    /** Accepts one separator or several in a row, as in "3, and 4". */
    private boolean acceptSeparators() {
        boolean any = false;
        while (cursor.accept(",") || cursor.accept(";")) {
            any = true;
        }
        return any;
    }

    private Answer relation() {
        cursor.enter();
        // Of "= 5" and "\\approx 5", what is before the sign was left out.
        if (!cursor.accept("~=")) {
            cursor.accept("=");
        }
        List<Answer> sides = new ArrayList<>();
        List<Relator> relators = new ArrayList<>();
        sides.add(side());
        for (Relator relator = relator(); relator != null; relator = relator()) {
            relators.add(relator);
            sides.add(relator == Relator.MODULO ? modulus() : side());
        }
        cursor.leave();
        return relators.isEmpty()
                ? sides.get(0)
                : cursor.node(new Answer.Relation(List.copyOf(sides), List.copyOf(relators)));
    }

    private @Nullable Relator relator() {
        Token token = cursor.peek();
        if (token.kind() == Token.Kind.PUNCTUATION && RELATORS.containsKey(token.text())) {
            cursor.next();
            cursor.accept("&");
            return RELATORS.get(token.text());
        }
        return cursor.atModulus() ? Relator.MODULO : null;
    }

    /** The modulus of a congruence: {@code \pmod{4}}, {@code \bmod 4} or {@code (\bmod 4)}. */
    private Answer modulus() {
        boolean bracketed = cursor.accept("(");
        cursor.next();
        Answer modulus = side();
        if (bracketed) {
            cursor.expect(")");
        }
        return modulus;
    }

    // ---- sides ----

    private Answer side() {
        List<Answer> united = new ArrayList<>(List.of(ratio()));
        while (true) {
            if (cursor.accept("cup")) {
                united.add(ratio());
            } else if (cursor.accept("setminus") || (cursor.atMinusSet() && cursor.accept("-"))) {
                Answer removed = ratio();
                united = new ArrayList<>(List.of(cursor.node(new Answer.Difference(union(united), removed))));
            } else {
                return union(united);
            }
        }
    }

    private Answer union(List<Answer> parts) {
        return parts.size() == 1 ? parts.get(0) : cursor.node(new Answer.Union(List.copyOf(parts)));
    }

    private Answer ratio() {
        if (cursor.at("(")
                && cursor.closer().isPunctuation(")")
                && cursor.bracketHolds(":")
                && !cursor.bracketHoldsSeveral()) {
            cursor.enter();
            cursor.next();
            Answer inner = ratio();
            cursor.expect(")");
            cursor.leave();
            return inner;
        }
        Answer first = part();
        if (!cursor.at(":")) {
            return first;
        }
        List<Expr> parts = new ArrayList<>();
        parts.add(expression(first));
        String unit = null;
        while (cursor.accept(":")) {
            Answer part = part();
            parts.add(expression(part));
            unit = part instanceof Answer.Value value ? value.unit() : null;
        }
        return cursor.node(new Answer.Ratio(List.copyOf(parts), unit));
    }

    private static Expr expression(Answer part) {
        if (part instanceof Answer.Value value && !value.percent()) {
            return value.expr();
        }
        throw new ParseFailure("syntax");
    }

    private Answer part() {
        if (startsCollection()) {
            return collection();
        }
        boolean currency = cursor.at("$");
        Token first = cursor.peek();
        if (first.isCommand("emptyset")) {
            cursor.next();
            return new Sequence(Sequence.Kind.SET, List.of());
        }
        if (first.kind() == Token.Kind.COMMAND && ELLIPSES.contains(first.text())) {
            cursor.next();
            return new Answer.Text(first.text());
        }
        if (first.kind() == Token.Kind.TEXT
                && cursor.peek(1).kind() == Token.Kind.END
                && first.text().length() > 1) {
            cursor.next();
            return new Answer.Text(first.text());
        }
        Expr expr = expressions.parseSum();
        if (cursor.accept("%")) {
            return cursor.node(new Answer.Value(expr, null, true));
        }
        String unit = unit();
        return cursor.node(new Answer.Value(expr, unit == null && currency ? "dollar" : unit, false));
    }

    /** The unit at the cursor in canonical form, with slashes and powers; null if there is none. */
    private @Nullable String unit() {
        StringBuilder unit = new StringBuilder();
        boolean any = false;
        while (true) {
            Token token = cursor.peek();
            boolean slash = token.isPunctuation("/") && cursor.peek(1).kind() == Token.Kind.TEXT;
            if (slash) {
                cursor.next();
                unit.append('/');
                token = cursor.peek();
            }
            String word = token.kind() == Token.Kind.TEXT
                    ? UnitWords.inText(token.text())
                    : token.kind() == Token.Kind.WORD ? UnitWords.canonical(token.text()) : null;
            if (word == null) {
                break;
            }
            cursor.next();
            unit.append(any && !slash ? " " : "").append(word);
            any = true;
            if (cursor.accept("^")) {
                unit.append('^').append(unitPower());
            }
        }
        return unit.length() == 0 ? null : unit.toString();
    }

    private String unitPower() {
        boolean braced = cursor.accept("{");
        String sign = cursor.accept("-") ? "-" : "";
        Token power = cursor.next();
        if (power.kind() != Token.Kind.NUMBER) {
            throw new ParseFailure("syntax");
        }
        if (braced) {
            cursor.expect("}");
        }
        return sign + power.text();
    }

    // ---- brackets ----

    /** Whether the bracket at the cursor is a tuple, set or interval rather than part of an expression. */
    private boolean startsCollection() {
        if (cursor.at("\\{") || cursor.peek().isCommand("langle")) {
            return true;
        }
        if (cursor.at("(") || cursor.at("[") || cursor.at("{")) {
            return cursor.closer().kind() != Token.Kind.END && cursor.bracketHoldsSeveral();
        }
        return false;
    }

    private Answer collection() {
        Token open = cursor.next();
        boolean set = open.text().equals("\\{") || open.text().equals("{");
        if (set && cursor.accept("\\}")) {
            return cursor.node(new Sequence(Sequence.Kind.SET, List.of()));
        }
        List<Answer> items = items();
        Token close = cursor.next();
        if (set) {
            if (!close.isPunctuation(open.text().equals("{") ? "}" : "\\}")) {
                throw new ParseFailure("syntax");
            }
            return cursor.node(new Sequence(Sequence.Kind.SET, items));
        }
        if (open.isCommand("langle") != close.isCommand("rangle")
                || (!close.isCommand("rangle") && !close.isPunctuation(")") && !close.isPunctuation("]"))) {
            throw new ParseFailure("syntax");
        }
        Answer interval = interval(open.text().equals("["), items, close.text().equals("]"));
        return cursor.node(interval != null ? interval : new Sequence(Sequence.Kind.TUPLE, items));
    }

    /** An interval if one of two ends is closed or infinite; null otherwise, as two values in round brackets may be a point. */
    private static @Nullable Answer interval(boolean lowClosed, List<Answer> items, boolean highClosed) {
        if (items.size() != 2
                || !(items.get(0) instanceof Answer.Value low)
                || !(items.get(1) instanceof Answer.Value high)) {
            return null;
        }
        boolean infinite = low.expr().contains(part -> part == Constant.INFINITY)
                || high.expr().contains(part -> part == Constant.INFINITY);
        return lowClosed || highClosed || infinite
                ? new Answer.Interval(low.expr(), lowClosed, high.expr(), highClosed)
                : null;
    }
}
