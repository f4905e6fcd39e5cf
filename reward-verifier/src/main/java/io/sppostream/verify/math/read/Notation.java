package io.sppostream.verify.math.read;

import java.util.Map;
import java.util.Set;

/** Tables of notation: how LaTeX, plain text and Unicode write the same thing. */
final class Notation {
    /** Characters beyond ASCII, as LaTeX or ASCII. */
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
            Map.entry('\u00a0', "~"),
            Map.entry('\u2007', "~"),
            Map.entry('\u2009', "\\,"),
            Map.entry('\u200a', "\\,"),
            Map.entry('\u202f', "\\,"),
            Map.entry('ℝ', "\\mathbb{R} "),
            Map.entry('∖', "\\setminus "),
            Map.entry('′', "'"),
            Map.entry('θ', "\\theta "),
            Map.entry('α', "\\alpha "),
            Map.entry('β', "\\beta "),
            Map.entry('≡', "\\equiv "));

    /** Commands that only affect the layout; ignored. */
    static final Set<String> SPACING = Set.of(
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

    /** Commands that become punctuation. Logical connectives separate answers, as a comma does. */
    static final Map<String, String> PUNCTUATION = Map.ofEntries(
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
            Map.entry("doteq", "~="),
            Map.entry("in", "in"),
            Map.entry("mid", "mid"),
            Map.entry("equiv", "==="),
            Map.entry("cup", "cup"),
            Map.entry("setminus", "setminus"),
            Map.entry("smallsetminus", "setminus"),
            Map.entry("backslash", "setminus"),
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

    /** Commands that become another command. */
    static final Map<String, String> ALIASES = Map.ofEntries(
            Map.entry("dfrac", "frac"),
            Map.entry("tfrac", "frac"),
            Map.entry("cfrac", "frac"),
            Map.entry("dbinom", "binom"),
            Map.entry("tbinom", "binom"),
            Map.entry("varnothing", "emptyset"),
            Map.entry("epsilon", "varepsilon"),
            Map.entry("varphi", "phi"),
            Map.entry("bmod", "mod"));

    /** Commands whose argument is plain text. */
    static final Set<String> TEXT_COMMANDS = Set.of(
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

    /** Commands that set a letter in another alphabet. */
    static final Set<String> ALPHABETS = Set.of("mathbf", "mathbb", "mathcal");

    /** Plain words that are words rather than products of letters. */
    static final Set<String> WORDS = Set.of(
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

    private Notation() {}

    /** The text with Unicode characters replaced by LaTeX or ASCII. */
    static String withoutUnicode(String text) {
        StringBuilder plain = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            String replacement = c < 128 ? null : UNICODE.get(c);
            if (replacement == null) {
                plain.append(c);
            } else {
                plain.append(replacement);
            }
        }
        return plain.toString();
    }
}
