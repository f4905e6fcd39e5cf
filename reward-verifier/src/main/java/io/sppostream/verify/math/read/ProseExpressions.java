package io.sppostream.verify.math.read;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the expressions in prose: formulas between math delimiters, and plain text such as {@code 3 + 4 = 7}, {@code x = 5},
 * {@code 1/2} and {@code 12 cm}. An expression is as long as it can be, so that {@code x^2 + 7} does not count as 7. The
 * numbers of list items and the numbers in names, such as "Step 3", are not expressions.
 */
final class ProseExpressions {

    /**
     * An expression, with the place that it has in the text.
     *
     * @param text the expression, as {@link AnswerParser} reads it
     */
    record Found(String text, int start, int end) {}

    private static final Pattern FORMULA = Pattern.compile(
            "(?<!\\\\)\\$\\$((?:[^$\\\\]|\\\\.)++)\\$\\$|(?<!\\\\)\\$((?:[^$\\\\]|\\\\.)++)\\$"
                    + "|\\\\\\(((?:\\\\\\\\|(?!\\\\[()]).)++)\\\\\\)|\\\\\\[((?:\\\\\\\\|(?!\\\\[\\[\\]]).)++)\\\\\\]",
            Pattern.DOTALL);

    /** Characters after which a bracket that is still open is taken to be a slip. */
    private static final int MAX_OPEN = 200;

    private static final Pattern TOKEN = Pattern.compile("\\S+");
    private static final Pattern WORD_IN_FORMULA = Pattern.compile("(?<![\\\\A-Za-z])[A-Za-z]{2,}");
    private static final Pattern OPERATOR =
            Pattern.compile("[-+*/^=<>:×÷·−≈≤≥≠±∓]|<=|>=|\\\\(?:times|cdot|div|approx|pm|le|leq|ge|geq|ne|neq)");
    private static final Pattern COMMAND = Pattern.compile("\\\\[A-Za-z]+");
    private static final Pattern FUNCTION = Pattern.compile(
            "sqrt|pi|sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|sinh|cosh|tanh|exp|ln|log|gcd|lcm|max|min|theta|infty");
    private static final Pattern PLAIN_NUMBER =
            Pattern.compile("[-+−]?\\$?-?(?:\\d{1,3}(?:,\\d{3})+|\\d+)?(?:\\.\\d+|(?<=\\d))");
    private static final Pattern FIRST_WORD = Pattern.compile("([A-Za-z]{2,})\\s");
    private static final Pattern WORD_LABEL = Pattern.compile("[A-Za-z]{2,}=(?=.)");
    private static final Pattern WORD_OR_VARIABLE_WITH_DIGIT = Pattern.compile("[A-Za-z]{2}|[A-Za-z]\\d");
    private static final Pattern WITH_UNIT = Pattern.compile("(.*?\\d)([A-Za-z]+\\.?)(\\^?[23]|[²³])?");
    private static final Pattern LIST_ITEM = Pattern.compile("\\d{1,2}[.)]|\\(\\d{1,2}\\)");
    private static final Pattern LETTERS_AND_BRACKETS =
            Pattern.compile("(?![()\\[\\]{}|]*$)(?:[A-Za-z](?![A-Za-z])|[-+*/^=()\\[\\]{}|_'])+");

    private static final Set<String> NAMES_WITH_NUMBERS = Set.of(
            "step",
            "case",
            "part",
            "question",
            "problem",
            "exercise",
            "example",
            "figure",
            "equation",
            "eq",
            "line",
            "table",
            "section",
            "chapter",
            "page",
            "method",
            "option",
            "theorem",
            "lemma",
            "property",
            "rule",
            "attempt");

    /** Words after a number that make another number of it. */
    private static final Set<String> SCALES = Set.of(
            "half",
            "halves",
            "thirds",
            "fourths",
            "fifths",
            "sixths",
            "eighths",
            "tenths",
            "hundredths",
            "dozen",
            "hundred",
            "thousand",
            "million",
            "billion",
            "trillion",
            "squared",
            "cubed",
            "factorial",
            "choose");

    private final String text;
    private final List<Found> found = new ArrayList<>();

    /** The expression being read: its parts without blanks around, and its place; empty if there is none. */
    private final StringBuilder run = new StringBuilder();

    /** The word right before an operator, which then belongs to the expression; null if something else is. */
    private @Nullable String wordBefore;

    private int wordStart;
    private int runStart;
    private int runEnd;
    private boolean operatorDue;

    private ProseExpressions(String text) {
        this.text = text;
    }

    /** The expressions of a text, in order. */
    static List<Found> in(String text) {
        return new ProseExpressions(text).find();
    }

    /** Whether a word after a number makes another number of it: {@code 5 million} is not 5. */
    static boolean isScale(String word) {
        return SCALES.contains(word.toLowerCase(Locale.ROOT));
    }

    private List<Found> find() {
        int done = 0;
        Matcher formulas = FORMULA.matcher(text);
        for (int from = 0; formulas.find(from); ) {
            String formula = content(formulas);
            if (isMoney(formulas)) {
                from = formulas.start() + 1;
                continue;
            }
            plain(done, formulas.start());
            done = formulas.end();
            from = done;
            if (!formula.isEmpty()) {
                found.add(new Found(formula, formulas.start(), formulas.end()));
            }
        }
        plain(done, text.length());
        return found;
    }

    private static String content(Matcher formulas) {
        for (int group = 1; group <= formulas.groupCount(); group++) {
            if (formulas.group(group) != null) {
                return formulas.group(group).strip();
            }
        }
        throw new IllegalStateException("no group");
    }

    /** Whether a dollar sign that looks like the start of a formula is a currency, as in "from $5 to $7 a day". */
    private static boolean isMoney(Matcher formulas) {
        String content = formulas.group(2);
        return content != null
                && (content.contains("\n\n")
                        || (Character.isDigit(content.charAt(0))
                                && Character.isWhitespace(content.charAt(content.length() - 1))
                                && WORD_IN_FORMULA.matcher(content).find()));
    }

    // ---- plain text ----

    private void plain(int from, int to) {
        Matcher tokens = TOKEN.matcher(text).region(from, to);
        String before = "";
        while (tokens.find()) {
            int start = tokens.start();
            if (!run.isEmpty() && text.substring(runEnd, start).contains("\n") && !isOpenBrace()) {
                flush();
            }
            boolean startsLine = start == 0 || text.lastIndexOf('\n', start - 1) == lastNonBlank(start);
            boolean listItem = startsLine
                    && LIST_ITEM.matcher(tokens.group()).matches()
                    && restOfLine(tokens.end()).strip().length() > 0;
            boolean named = NAMES_WITH_NUMBERS.contains(before.toLowerCase(Locale.ROOT));
            if (listItem) {
                flush();
            } else {
                token(tokens.group(), start, named);
            }
            before = tokens.group();
        }
        flush();
    }

    private int lastNonBlank(int before) {
        int at = before - 1;
        while (at >= 0 && text.charAt(at) == ' ') {
            at--;
        }
        return at;
    }

    private String restOfLine(int from) {
        int end = text.indexOf('\n', from);
        return text.substring(from, end < 0 ? text.length() : end);
    }

    private void token(String token, int start, boolean named) {
        int from = 0;
        int to = token.length();
        while (from < to && "*_\"'“‘`€£¥".indexOf(token.charAt(from)) >= 0 && to - from > 1) {
            from++;
        }
        while (to > from && ".,;:?!\"'*_”’`€£¥".indexOf(token.charAt(to - 1)) >= 0 && to - from > 1) {
            to--;
        }
        Matcher labelled = WORD_LABEL.matcher(token).region(from, to);
        if (labelled.lookingAt()) {
            flush();
            from = labelled.end();
        }
        String core = token.substring(from, to);
        String word = wordBefore;
        wordBefore = null;
        if (OPERATOR.matcher(core).matches()) {
            if (run.isEmpty() && word != null && "+*/^×÷·".contains(core)) {
                begin(word, wordStart, start);
            }
            if (run.isEmpty() || operatorDue) {
                flush();
            } else {
                append(core, start + to);
                operatorDue = true;
            }
            return;
        }
        if (isFormula(core)) {
            if (joins(core)) {
                append(core, start + to);
            } else {
                flush();
                if (!(named && PLAIN_NUMBER.matcher(core).matches())) {
                    begin(core, start + from, start + to);
                }
            }
        } else if (LETTERS_AND_BRACKETS.matcher(core).matches() && !(endsInNumber() && UnitWords.isKnown(core))) {
            if (operatorDue) {
                append(core, start + to);
            } else {
                flush();
                begin(core, start + from, start + to);
            }
        } else {
            word(core, start + to);
            wordBefore = core;
            wordStart = start + from;
        }
        if (to < token.length()) {
            boolean inList = ",;".indexOf(token.charAt(to)) >= 0 && isOpen();
            if (inList) {
                run.append(token.charAt(to));
            } else if (!isOpenBrace()) {
                flush();
            }
        }
    }

    private void begin(String core, int start, int end) {
        runStart = start;
        append(core, end);
    }

    private void append(String core, int end) {
        run.append(run.isEmpty() ? "" : " ").append(core);
        runEnd = end;
        operatorDue = false;
    }

    /** A word ends an expression. If it is the unit or scale of a number, it belongs to it. */
    private void word(String word, int end) {
        if (isOpenBrace() || (endsInNumber() && word.equals("pi"))) {
            append(word, end);
            return;
        }
        boolean unit = endsInNumber()
                && (UnitWords.isPercent(word) || (UnitWords.isKnown(word) && !word.equals("in")) || isScale(word));
        if (unit) {
            append("\\text{" + word + "}", end);
        }
        flush();
    }

    private boolean endsInNumber() {
        return !run.isEmpty() && !operatorDue && Character.isDigit(run.charAt(run.length() - 1));
    }

    /** Whether a text starts with a word of prose, and not with the name of a function. */
    static boolean startsWithWord(String text) {
        Matcher word = FIRST_WORD.matcher(text);
        return word.lookingAt() && !FUNCTION.matcher(word.group(1)).matches();
    }

    /** Whether a token without blanks is mathematics: it has a digit, a command or a function, and no words. */
    private static boolean isFormula(String core) {
        Matcher function = FUNCTION.matcher(core);
        boolean called = function.lookingAt() && core.startsWith("(", function.end());
        if (!called
                && core.chars()
                        .noneMatch(c -> (c >= '0' && c <= '9') || c == '\\' || c == 'π' || c == '√' || c == '∞')) {
            return false;
        }
        Matcher unit = WITH_UNIT.matcher(core);
        String bare = unit.matches() && UnitWords.isKnown(unit.group(2)) ? unit.group(1) : core;
        bare = COMMAND.matcher(bare).replaceAll("");
        bare = FUNCTION.matcher(bare).replaceAll("");
        return !WORD_OR_VARIABLE_WITH_DIGIT.matcher(bare).find();
    }

    /** Whether a token continues the expression before it. Two numbers in a row do: {@code 1 000}, {@code 2 1/2}. */
    private boolean joins(String core) {
        if (run.isEmpty()) {
            return false;
        }
        return operatorDue
                || isOpen()
                || "+*/^=<>×÷·±{_\\".indexOf(core.charAt(0)) >= 0
                || (endsInNumber() && Character.isDigit(core.charAt(0)));
    }

    /** Whether the expression being read has a bracket that is still open. */
    private boolean isOpen() {
        return run.length() < MAX_OPEN && depth(run) > 0;
    }

    /** Whether the expression being read has a brace that is still open. */
    private boolean isOpenBrace() {
        if (run.length() >= MAX_OPEN) {
            return false;
        }
        int depth = 0;
        for (int i = 0; i < run.length(); i++) {
            depth += run.charAt(i) == '{' ? 1 : run.charAt(i) == '}' ? -1 : 0;
        }
        return depth > 0;
    }

    /** Ends the expression being read and keeps it, if it is one: a letter alone is a word. */
    private void flush() {
        String expression = run.toString();
        run.setLength(0);
        operatorDue = false;
        int cut = expression.length();
        while (cut > 0) {
            int blank = expression.lastIndexOf(' ', cut - 1);
            if (!OPERATOR.matcher(expression.substring(blank + 1, cut)).matches()) {
                break;
            }
            cut = Math.max(blank, 0);
        }
        while (cut > 0 && ",;".indexOf(expression.charAt(cut - 1)) >= 0) {
            cut--;
        }
        expression = balanced(expression.substring(0, cut));
        if (expression.startsWith("=")) {
            expression = expression.substring(1).strip();
        }
        if (expression.chars().anyMatch(c -> (c >= '0' && c <= '9') || c == '\\' || c == '=' || c == 'π' || c == '∞')) {
            found.add(new Found(withUnit(expression), runStart, runEnd));
        }
    }

    /** The expression without brackets around it that have no partner. */
    private static String balanced(String expression) {
        String inner = expression;
        while (!inner.isEmpty() && "([{".indexOf(inner.charAt(0)) >= 0 && depth(inner) > 0) {
            inner = inner.substring(1);
        }
        while (!inner.isEmpty() && ")]}".indexOf(inner.charAt(inner.length() - 1)) >= 0 && depth(inner) < 0) {
            inner = inner.substring(0, inner.length() - 1);
        }
        return inner.strip();
    }

    private static int depth(CharSequence expression) {
        int depth = 0;
        for (int i = 0; i < expression.length(); i++) {
            depth += "([{".indexOf(expression.charAt(i)) >= 0 ? 1 : ")]}".indexOf(expression.charAt(i)) >= 0 ? -1 : 0;
        }
        return depth;
    }

    /** Sets a unit without a blank before it as text, so that the m of 12m is a metre and no unknown. */
    private static String withUnit(String expression) {
        Matcher unit = WITH_UNIT.matcher(expression);
        if (!unit.matches()
                || !UnitWords.isKnown(unit.group(2))
                || unit.group(1).contains("\\")) {
            return expression;
        }
        String power = unit.group(3) == null ? "" : unit.group(3);
        return unit.group(1) + "\\text{" + unit.group(2) + power + "}";
    }
}
