package io.sppostream.verify.math.read;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Splits an answer into tokens. Layout commands and math delimiters are dropped, and the synonyms of {@link Notation}
 * become one token. Digits grouped in thousands become one number: {@code 1{,}000}, {@code 1,\!000}, {@code 1\,000} and
 * {@code 1 000} everywhere, {@code 1,000} only outside brackets, in which a comma separates items.
 */
final class Lexer {
    private static final int MAX_DIGITS = 1_000;

    private static final String GROUP = "(?:\\{,\\}|\\{\\\\,\\}|,\\\\!\\s*|\\\\,|\\\\ |\\\\thinspace\\s|~)";
    private static final String FRACTION = "(?:\\.\\d+)?";
    private static final Pattern GROUPED = Pattern.compile("\\d{1,3}(?:" + GROUP + "\\d{3})+(?!\\d)" + FRACTION);
    private static final Pattern COMMAS = Pattern.compile("\\d{1,3}(?:,\\d{3})+(?![,\\d]*\\d)" + FRACTION);
    /**
     * Thousands with plain blanks. A fraction after them makes the last group its numerator: {@code 3 100/7} is a mixed
     * number.
     */
    private static final Pattern SPACED =
            Pattern.compile("[1-9]\\d{0,2}(?: \\d{3})+(?![ ]?\\d|\\s*/|\\s*\\\\[dt]?frac)" + FRACTION);

    private static final Pattern REPEATING = Pattern.compile("(\\d*)\\.(\\d*)\\\\(?:overline|dot)\\s*\\{?(\\d+)\\}?");
    private static final Pattern NUMBER = Pattern.compile(
            "(?:\\d+" + FRACTION + "(?:\\.(?=\\s*[)\\]},/]))?|\\.\\d+)(?:[eE][+-]?\\d{1,6}(?![\\dA-Za-z]))?");
    private static final Pattern BEFORE_OR_AFTER_NOON = Pattern.compile("([aApP])\\.\\s?[mM]\\b\\.?");
    private static final Pattern PUNCTUATION_ONLY = Pattern.compile("[\\d.,:/+=() -]*\\d[\\d.,:/+=() -]*");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private final Deque<Group> groups = new ArrayDeque<>();
    private int position;
    /** Number of arguments that the last \frac still needs. A digit alone is one: {@code \frac12} is 1/2. */
    private int argumentsDue;

    private int environments;

    /** An open bracket: the arguments due before it, and whether a comma inside it separates items. */
    private record Group(int argumentsDue, boolean commasSeparate) {}

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokenize(String source) {
        return new Lexer(Notation.withoutUnicode(source)).run();
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
            match = at(SPACED);
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
        if (Notation.WORDS.contains(run) || UnitWords.isPercent(run) || UnitWords.isBareUnit(run)) {
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
                    add(unit || !Notation.WORDS.contains(word) ? Token.Kind.WORD : Token.Kind.COMMAND, word);
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
        // Data sets lose the blank after \quad. TeX has no \quadx, so the rest is a name.
        if (name.startsWith("quad") && name.length() > 4) {
            position = start + 4;
            return;
        }
        name = Notation.ALIASES.getOrDefault(name, name);
        String punctuation = Notation.PUNCTUATION.get(name);
        if (Notation.SPACING.contains(name)) {
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
        } else if (Notation.TEXT_COMMANDS.contains(name)) {
            text(argument());
        } else if (Notation.ALPHABETS.contains(name)) {
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

    /** A letter in another alphabet is another name. For anything else the alphabet is only a font. */
    private void alphabet(String alphabet, String content) {
        if (content.matches("[A-Za-z]")) {
            add(Token.Kind.COMMAND, alphabet + " " + content);
        } else {
            tokens.addAll(tokenize(content));
        }
    }

    /** A double backslash ends a matrix row. Elsewhere it is a backslash that was escaped twice, or a line break. */
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

    /** The argument at the current position, without its braces. */
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
        int end = Braces.closing(source, position);
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
        } else if (Notation.WORDS.contains(text) && !UnitWords.isBareUnit(text)) {
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

    /** Whether a brace after this token opens an argument, in which a comma does not separate items. */
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
