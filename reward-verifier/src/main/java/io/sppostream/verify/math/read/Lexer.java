package io.sppostream.verify.math.read;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Cuts an answer into tokens: the one place that knows how LaTeX, plain text and Unicode write the same thing.
 *
 * <p>Spacing, sizing and math delimiters vanish here, synonyms become one token, and digits grouped in thousands become
 * one number: {@code 1{,}000}, {@code 1,\!000} and {@code 1\,000} everywhere, {@code 1,000} only where a comma does not
 * separate.
 */
final class Lexer {
    private static final int MAX_DIGITS = 1_000;

    private static final Map<Character, String> UNICODE = Map.ofEntries(
            Map.entry('−', "-"),
            Map.entry('–', "-"),
            Map.entry('×', "\\times "),
            Map.entry('·', "\\cdot "),
            Map.entry('⋅', "\\cdot "),
            Map.entry('÷', "\\div "),
            Map.entry('±', "\\pm "),
            Map.entry('π', "\\pi "),
            Map.entry('∞', "\\infty "),
            Map.entry('√', "\\sqrt "),
            Map.entry('≤', "\\le "),
            Map.entry('≥', "\\ge "),
            Map.entry('≠', "\\ne "),
            Map.entry('≈', "\\approx "),
            Map.entry('∈', "\\in "),
            Map.entry('∪', "\\cup "),
            Map.entry('∅', "\\emptyset "),
            Map.entry('°', "\\degree "),
            Map.entry('²', "^2"),
            Map.entry('³', "^3"),
            Map.entry('½', "\\frac{1}{2}"),
            Map.entry('，', ","),
            Map.entry('；', ";"),
            Map.entry('：', ":"),
            Map.entry('（', "("),
            Map.entry('）', ")"),
            Map.entry('％', "%"),
            Map.entry('\u00a0', " "),
            Map.entry('\u2009', " "),
            Map.entry('\u202f', " "),
            Map.entry('′', "'"),
            Map.entry('θ', "\\theta "),
            Map.entry('α', "\\alpha "),
            Map.entry('β', "\\beta "),
            Map.entry('≡', "\\equiv "));

    /** Commands that only move things about on the page. */
    private static final Set<String> SPACING = Set.of(
            ",",
            ";",
            ":",
            "!",
            " ",
            "\n",
            ">",
            "quad",
            "qquad",
            "displaystyle",
            "textstyle",
            "limits",
            "left",
            "right",
            "big",
            "Big",
            "bigg",
            "Bigg",
            "bigl",
            "bigr",
            "Bigl",
            "Bigr",
            "biggl",
            "biggr",
            "middle",
            "(",
            ")",
            "[",
            "]",
            "nolimits",
            "thinspace",
            "hfill",
            "boldsymbol",
            "rm",
            "bf");

    private static final Map<String, String> PUNCTUATION = Map.ofEntries(
            Map.entry("{", "\\{"),
            Map.entry("}", "\\}"),
            Map.entry("lbrace", "\\{"),
            Map.entry("rbrace", "\\}"),
            Map.entry("%", "%"),
            Map.entry("times", "*"),
            Map.entry("cdot", "*"),
            Map.entry("ast", "*"),
            Map.entry("div", "/"),
            Map.entry("le", "<="),
            Map.entry("leq", "<="),
            Map.entry("leqslant", "<="),
            Map.entry("ge", ">="),
            Map.entry("geq", ">="),
            Map.entry("geqslant", ">="),
            Map.entry("lt", "<"),
            Map.entry("gt", ">"),
            Map.entry("ne", "!="),
            Map.entry("neq", "!="),
            Map.entry("approx", "~="),
            Map.entry("simeq", "~="),
            Map.entry("in", "in"),
            Map.entry("mid", "mid"),
            Map.entry("equiv", "==="),
            Map.entry("cup", "cup"),
            Map.entry("lvert", "|"),
            Map.entry("rvert", "|"),
            Map.entry("vert", "|"),
            Map.entry("|", "||"),
            Map.entry("colon", ":"),
            Map.entry("lbrack", "["),
            Map.entry("rbrack", "]"),
            Map.entry("degree", "°"),
            Map.entry("_", "_"),
            Map.entry("land", ","),
            Map.entry("lor", ","),
            Map.entry("wedge", ","),
            Map.entry("vee", ","),
            Map.entry("pm", "±"),
            Map.entry("mp", "∓"),
            Map.entry("prime", "'"));

    private static final Map<String, String> ALIASES = Map.ofEntries(
            Map.entry("dfrac", "frac"),
            Map.entry("tfrac", "frac"),
            Map.entry("cfrac", "frac"),
            Map.entry("dbinom", "binom"),
            Map.entry("tbinom", "binom"),
            Map.entry("varnothing", "emptyset"),
            Map.entry("epsilon", "varepsilon"),
            Map.entry("varphi", "phi"),
            Map.entry("bmod", "mod"));

    private static final Set<String> TEXT_COMMANDS = Set.of(
            "text",
            "textbf",
            "textit",
            "textrm",
            "textnormal",
            "textsc",
            "textsf",
            "mbox",
            "hbox",
            "mathrm",
            "mathit",
            "mathsf",
            "operatorname");

    private static final Set<String> ALPHABETS = Set.of("mathbf", "mathbb", "mathcal");

    /** Plain words that are read as words and not as products of letters. */
    private static final Set<String> WORDS = Set.of(
            "and",
            "or",
            "sqrt",
            "sin",
            "cos",
            "tan",
            "cot",
            "sec",
            "csc",
            "arcsin",
            "arccos",
            "arctan",
            "sinh",
            "cosh",
            "tanh",
            "exp",
            "ln",
            "log",
            "pi",
            "infinity",
            "infty",
            "inf",
            "oo",
            "gcd",
            "lcm",
            "max",
            "min",
            "theta",
            "alpha",
            "beta",
            "lambda",
            "mod",
            "cup");

    private static final String GROUP = "(?:\\{,\\}|,\\\\!\\s*|\\\\,|\\\\ |~)";
    private static final String FRACTION = "(?:\\.\\d+)?";
    private static final Pattern GROUPED = Pattern.compile("\\d{1,3}(?:" + GROUP + "\\d{3})+(?!\\d)" + FRACTION);
    private static final Pattern COMMAS = Pattern.compile("\\d{1,3}(?:,\\d{3})+(?![,\\d]*\\d)" + FRACTION);
    private static final Pattern REPEATING = Pattern.compile("(\\d*)\\.(\\d*)\\\\(?:overline|dot)\\s*\\{?(\\d+)\\}?");
    private static final Pattern NUMBER = Pattern.compile(
            "(?:\\d+" + FRACTION + "(?:\\.(?=\\s*[)\\]},/]))?|\\.\\d+)(?:[eE][+-]?\\d{1,6}(?![\\dA-Za-z]))?");
    private static final Pattern BEFORE_OR_AFTER_NOON = Pattern.compile("([aApP])\\.\\s?[mM]\\b\\.?");
    private static final Pattern PUNCTUATION_ONLY = Pattern.compile("[\\d.,:/+=() -]*\\d[\\d.,:/+=() -]*");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private final Deque<Group> groups = new ArrayDeque<>();
    private int position;
    /** How many single-token arguments the last \frac still waits for: its digits are read one by one. */
    private int argumentsDue;

    private int environments;

    /** An open bracket: the arguments due when it opened, and whether a comma inside it separates. */
    private record Group(int argumentsDue, boolean commasSeparate) {}

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokenize(String source) {
        return new Lexer(plain(source)).run();
    }

    private static String plain(String source) {
        StringBuilder plain = new StringBuilder(source.length() + 16);
        for (int i = 0; i < source.length(); i++) {
            char c = source.charAt(i);
            String ascii = c < 128 ? null : UNICODE.get(c);
            if (ascii == null) {
                plain.append(c);
            } else {
                plain.append(ascii);
            }
        }
        return plain.toString();
    }

    private List<Token> run() {
        while (position < source.length()) {
            char c = source.charAt(position);
            if (c == '\\') {
                command();
            } else if (Character.isWhitespace(c) || c == '$' || c == '~') {
                position++;
            } else if (isDigit(c) || c == '.') {
                number();
            } else if (isLetter(c)) {
                letters();
            } else {
                punctuation(c);
            }
        }
        return tokens;
    }

    private void add(Token.Kind kind, String text) {
        tokens.add(new Token(kind, text));
        if (argumentsDue > 0) {
            argumentsDue--;
        }
    }

    // ---- numbers ----

    private void number() {
        if (argumentsDue > 0 && isDigit(source.charAt(position))) {
            add(Token.Kind.NUMBER, source.substring(position, ++position));
            return;
        }
        Matcher repeating = at(REPEATING);
        if (repeating != null) {
            position = repeating.end();
            add(Token.Kind.NUMBER, repeating.group(1) + "." + repeating.group(2) + "(" + repeating.group(3) + ")");
            return;
        }
        Matcher match = at(GROUPED);
        if (match == null && !commasSeparate()) {
            match = at(COMMAS);
        }
        if (match == null) {
            match = at(NUMBER);
        }
        if (match == null) {
            throw new ParseFailure("stray-point");
        }
        if (match.end() - match.start() > MAX_DIGITS) {
            throw new ParseFailure("too-many-digits");
        }
        position = match.end();
        String written = match.group();
        StringBuilder digits = new StringBuilder(written.length());
        for (int i = 0; i < written.length(); i++) {
            char c = written.charAt(i);
            if (isDigit(c) || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-') {
                digits.append(c);
            }
        }
        add(Token.Kind.NUMBER, digits.toString());
    }

    private boolean commasSeparate() {
        Group group = groups.peek();
        return group != null && group.commasSeparate();
    }

    private @Nullable Matcher at(Pattern pattern) {
        Matcher matcher = pattern.matcher(source).region(position, source.length());
        return matcher.lookingAt() ? matcher : null;
    }

    // ---- words ----

    private void letters() {
        Matcher noon = at(BEFORE_OR_AFTER_NOON);
        if (noon != null) {
            position = noon.end();
            add(Token.Kind.WORD, noon.group(1).toLowerCase(Locale.ROOT) + "m");
            return;
        }
        int start = position;
        while (position < source.length() && isLetter(source.charAt(position))) {
            position++;
        }
        String run = source.substring(start, position);
        if (WORDS.contains(run) || UnitWords.isPercent(run) || UnitWords.isBareUnit(run)) {
            word(run);
            return;
        }
        for (int i = 0; i < run.length(); i++) {
            add(Token.Kind.LETTER, run.substring(i, i + 1));
        }
    }

    private void word(String word) {
        switch (word) {
            case "and", "or" -> add(Token.Kind.PUNCTUATION, ",");
            case "cup" -> add(Token.Kind.PUNCTUATION, "cup");
            case "pi", "theta", "alpha", "beta", "lambda", "sqrt" -> add(Token.Kind.COMMAND, word);
            case "infinity", "inf", "oo", "infty" -> add(Token.Kind.COMMAND, "infty");
            default -> {
                if (UnitWords.isPercent(word)) {
                    add(Token.Kind.PUNCTUATION, "%");
                } else {
                    boolean unit = UnitWords.isBareUnit(word) && lastIsNumber();
                    add(unit || !WORDS.contains(word) ? Token.Kind.WORD : Token.Kind.COMMAND, word);
                }
            }
        }
    }

    private boolean lastIsNumber() {
        return !tokens.isEmpty() && tokens.get(tokens.size() - 1).kind() == Token.Kind.NUMBER;
    }

    // ---- commands ----

    private void command() {
        int start = position + 1;
        if (start >= source.length()) {
            throw new ParseFailure("stray-backslash");
        }
        int end = start;
        while (end < source.length() && isLetter(source.charAt(end))) {
            end++;
        }
        if (end == start) {
            end++;
        }
        String name = source.substring(start, end);
        position = end;
        if (name.equals("\\")) {
            doubleBackslash();
            return;
        }
        // Data loses the blank after \quad; TeX would not know \quadx, and nothing else can be meant.
        if (name.startsWith("quad") && name.length() > 4) {
            position = start + 4;
            return;
        }
        name = ALIASES.getOrDefault(name, name);
        String punctuation = PUNCTUATION.get(name);
        if (SPACING.contains(name)) {
            if ((name.equals("left") || name.equals("right"))
                    && position < source.length()
                    && source.charAt(position) == '.') {
                position++;
            }
        } else if (name.equals("$")) {
            add(Token.Kind.PUNCTUATION, "$");
        } else if (punctuation != null) {
            if (punctuation.equals("\\{")) {
                open(true);
            } else if (punctuation.equals("\\}")) {
                close();
            }
            add(Token.Kind.PUNCTUATION, punctuation);
        } else if (TEXT_COMMANDS.contains(name)) {
            text(argument());
        } else if (ALPHABETS.contains(name)) {
            alphabet(name, argument().strip());
        } else if (name.equals("begin") || name.equals("end")) {
            environments += name.equals("begin") ? 1 : -1;
            add(Token.Kind.COMMAND, name + " " + argument().strip());
        } else if (name.equals("hspace") || name.equals("phantom") || name.equals("vspace")) {
            argument();
        } else {
            add(Token.Kind.COMMAND, name);
            if (name.equals("frac") || name.equals("binom")) {
                argumentsDue = 2;
            }
        }
    }

    /** A letter in another alphabet is another name; anything else is only set in bold. */
    private void alphabet(String alphabet, String content) {
        if (content.matches("[A-Za-z]")) {
            add(Token.Kind.COMMAND, alphabet + " " + content);
        } else {
            tokens.addAll(tokenize(content));
        }
    }

    /** Ends a matrix row; elsewhere it is a backslash that was escaped once too often on its way here. */
    private void doubleBackslash() {
        if (environments > 0) {
            add(Token.Kind.PUNCTUATION, "\\\\");
        } else if (position < source.length()
                && (isLetter(source.charAt(position)) || "{}%$,!;".indexOf(source.charAt(position)) >= 0)) {
            position--;
        } else {
            add(Token.Kind.PUNCTUATION, ",");
        }
    }

    /** The braced argument at the current position, braces left out. */
    private String argument() {
        while (position < source.length() && source.charAt(position) == ' ') {
            position++;
        }
        if (position >= source.length()) {
            throw new ParseFailure("missing-argument");
        }
        if (source.charAt(position) != '{') {
            return source.substring(position, ++position);
        }
        int end = AnswerExtractor.closingBrace(source, position);
        if (end < 0) {
            throw new ParseFailure("unclosed-brace");
        }
        String argument = source.substring(position + 1, end);
        position = end + 1;
        return argument;
    }

    private void text(String content) {
        String text = content.replace('~', ' ')
                .replace("\\ ", " ")
                .replace("\\,", " ")
                .replace("$", "")
                .strip();
        if (text.isEmpty()) {
            return;
        }
        if (PUNCTUATION_ONLY.matcher(text).matches() || text.equals(":") || text.equals(",")) {
            tokens.addAll(tokenize(text));
            return;
        }
        String word = text.replaceAll("^[, ]+|[, ]+$", "").toLowerCase(Locale.ROOT);
        if (word.equals("and") || word.equals("or")) {
            add(Token.Kind.PUNCTUATION, ",");
        } else if (UnitWords.isPercent(text)) {
            add(Token.Kind.PUNCTUATION, "%");
        } else if (WORDS.contains(text) && !UnitWords.isBareUnit(text)) {
            word(text);
        } else {
            add(Token.Kind.TEXT, text);
        }
    }

    // ---- punctuation ----

    private void punctuation(char c) {
        position++;
        char next = position < source.length() ? source.charAt(position) : '\0';
        switch (c) {
            case '{' -> {
                open(tokens.isEmpty() || !opensArgument(tokens.get(tokens.size() - 1)));
                tokens.add(new Token(Token.Kind.PUNCTUATION, "{"));
            }
            case '(', '[' -> {
                open(true);
                tokens.add(new Token(Token.Kind.PUNCTUATION, String.valueOf(c)));
            }
            case ')', ']', '}' -> {
                close();
                add(Token.Kind.PUNCTUATION, String.valueOf(c));
            }
            case '<', '>', '!' -> {
                if (next == '=') {
                    position++;
                    add(Token.Kind.PUNCTUATION, c + "=");
                } else if (c == '!' && next == '!') {
                    position++;
                    add(Token.Kind.PUNCTUATION, "!!");
                } else {
                    add(Token.Kind.PUNCTUATION, String.valueOf(c));
                }
            }
            case '*' -> {
                if (next == '*') {
                    position++;
                }
                add(Token.Kind.PUNCTUATION, next == '*' ? "^" : "*");
            }
            case '+', '-', '/', '^', '_', ',', ';', ':', '=', '|', '&', '\'', '%' ->
                add(Token.Kind.PUNCTUATION, String.valueOf(c));
            default -> throw new ParseFailure("unknown-character");
        }
    }

    /** Whether a brace after this token holds an argument, in which a comma can't separate. */
    private static boolean opensArgument(Token before) {
        return before.kind() == Token.Kind.COMMAND
                || before.isPunctuation("}")
                || before.isPunctuation("]")
                || before.isPunctuation("^")
                || before.isPunctuation("_");
    }

    private void open(boolean commasSeparate) {
        groups.push(new Group(argumentsDue, commasSeparate));
        argumentsDue = 0;
    }

    private void close() {
        argumentsDue = groups.isEmpty() ? 0 : groups.pop().argumentsDue();
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
}
