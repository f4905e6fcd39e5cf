package io.sppostream.verify.math.read;

import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Constant;
import io.sppostream.verify.math.answer.Expr.Function;
import io.sppostream.verify.math.number.Rational;
import io.sppostream.verify.math.number.StepBudget;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads one expression by recursive descent, without error recovery: what is not understood fails the parse.
 *
 * <pre>
 * sum     := ['+' | '-' | '±'] term (('+' | '-' | '±') term)*
 * term    := factor (('*' | '/' | nothing) factor)*
 * factor  := '-' factor | primary postfix*
 * postfix := '^' argument | '!' | '°' | "'" | '_' argument
 * </pre>
 */
final class ExpressionParser {
    private static final Map<String, Function> FUNCTIONS = Map.ofEntries(
            Map.entry("sin", Function.SIN),
            Map.entry("cos", Function.COS),
            Map.entry("tan", Function.TAN),
            Map.entry("tg", Function.TAN),
            Map.entry("cot", Function.COT),
            Map.entry("ctg", Function.COT),
            Map.entry("sec", Function.SEC),
            Map.entry("csc", Function.CSC),
            Map.entry("arcsin", Function.ASIN),
            Map.entry("arccos", Function.ACOS),
            Map.entry("arctan", Function.ATAN),
            Map.entry("sinh", Function.SINH),
            Map.entry("cosh", Function.COSH),
            Map.entry("tanh", Function.TANH),
            Map.entry("exp", Function.EXP),
            Map.entry("ln", Function.LN),
            Map.entry("log", Function.LOG),
            Map.entry("lg", Function.LOG),
            Map.entry("gcd", Function.GCD),
            Map.entry("lcm", Function.LCM),
            Map.entry("max", Function.MAX),
            Map.entry("min", Function.MIN));

    private static final Map<Function, Function> INVERSES =
            Map.of(Function.SIN, Function.ASIN, Function.COS, Function.ACOS, Function.TAN, Function.ATAN);

    private static final Set<Function> SEVERAL_ARGUMENTS =
            Set.of(Function.GCD, Function.LCM, Function.MAX, Function.MIN);

    /** Commands that are a name: Greek letters, and marks that go before or stand for a named thing. */
    private static final Set<String> NAMES = Set.of(
            "alpha",
            "beta",
            "gamma",
            "delta",
            "varepsilon",
            "zeta",
            "eta",
            "theta",
            "vartheta",
            "iota",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "xi",
            "rho",
            "sigma",
            "tau",
            "upsilon",
            "phi",
            "chi",
            "psi",
            "omega",
            "Gamma",
            "Delta",
            "Theta",
            "Lambda",
            "Xi",
            "Pi",
            "Sigma",
            "Phi",
            "Psi",
            "Omega",
            "ell",
            "hbar",
            "angle",
            "triangle",
            "odot",
            "emptyset",
            "aleph",
            "partial",
            "nabla");

    /** Letters that, before a bracket, are a function far more often than a factor. */
    private static final Set<String> FUNCTION_NAMES = Set.of("f", "g", "h", "F", "G", "H");

    private final TokenCursor cursor;
    private int openBars;
    private int brackets;

    ExpressionParser(TokenCursor cursor) {
        this.cursor = cursor;
    }

    Expr parseSum() {
        cursor.enter();
        List<Expr> terms = new ArrayList<>();
        terms.add(signed());
        while (cursor.at("+") || cursor.at("-") || cursor.at("±") || cursor.at("∓")) {
            terms.add(signed());
        }
        cursor.leave();
        return terms.size() == 1 ? terms.get(0) : cursor.node(new Expr.Sum(List.copyOf(terms)));
    }

    private Expr signed() {
        if (cursor.accept("+")) {
            return term();
        } else if (cursor.accept("-")) {
            return negated(term());
        } else if (cursor.at("±") || cursor.at("∓")) {
            boolean flipped = cursor.next().text().equals("∓");
            return cursor.node(new Expr.PlusMinus(flipped, term()));
        }
        return term();
    }

    private Expr negated(Expr expr) {
        return cursor.node(
                expr instanceof Expr.Num num ? new Expr.Num(num.value().negate()) : new Expr.Neg(expr));
    }

    // ---- products ----

    private Expr term() {
        Expr left = factor();
        List<Expr> factors = new ArrayList<>(List.of(left));
        while (true) {
            if (cursor.accept("*")) {
                factors.add(factor());
            } else if (cursor.at("/") && !unitFollows(1, factors)) {
                cursor.next();
                Expr quotient = cursor.node(new Expr.Quotient(product(factors), factor()));
                factors = new ArrayList<>(List.of(quotient));
            } else if (startsFactor() && !unitFollows(0, factors)) {
                factors.add(factor());
            } else if (cursor.peek().kind() == Token.Kind.NUMBER
                    && !(factors.get(factors.size() - 1) instanceof Expr.Num)) {
                // n 2^n is a product; two numbers side by side are a slip of the pen.
                factors.add(factor());
            } else {
                return product(factors);
            }
        }
    }

    private Expr product(List<Expr> factors) {
        return factors.size() == 1 ? factors.get(0) : cursor.node(new Expr.Product(List.copyOf(factors)));
    }

    /** Whether the token at the cursor begins another factor of an implicit product. */
    private boolean startsFactor() {
        Token token = cursor.peek();
        return switch (token.kind()) {
            case LETTER, WORD, TEXT -> true;
            case COMMAND ->
                !token.text().startsWith("end ")
                        && !token.text().equals("rangle")
                        && !token.text().equals("rfloor")
                        && !token.text().equals("rceil")
                        && !token.text().equals("mod")
                        && !token.text().equals("pmod");
            case PUNCTUATION ->
                (token.text().equals("(") && !cursor.atModulus())
                        || token.text().equals("[")
                        || token.text().equals("{")
                        || (token.text().equals("|") && openBars == 0);
            case NUMBER, END -> false;
        };
    }

    /** Whether the answer's unit begins that many tokens ahead: after a number, outside any bracket, up to its end. */
    private boolean unitFollows(int ahead, List<Expr> factors) {
        Token token = cursor.peek(ahead);
        boolean word = token.kind() == Token.Kind.WORD;
        boolean text = token.kind() == Token.Kind.TEXT;
        return brackets == 0
                && openBars == 0
                && (word || (text && UnitWords.inText(token.text()) != null))
                && factors.stream().allMatch(factor -> factor.variables().isEmpty());
    }

    // ---- factors ----

    private Expr factor() {
        if (cursor.at("-") || cursor.at("+")) {
            cursor.enter();
            Expr signed = cursor.next().text().equals("-") ? negated(factor()) : factor();
            cursor.leave();
            return signed;
        }
        cursor.accept("$");
        return postfix(primary());
    }

    private Expr postfix(Expr operand) {
        Expr expr = operand;
        while (true) {
            if (cursor.accept("^")) {
                expr = raised(expr);
            } else if (cursor.accept("!")) {
                expr = cursor.node(new Expr.Factorial(expr, 1));
            } else if (cursor.accept("!!")) {
                expr = cursor.node(new Expr.Factorial(expr, 2));
            } else if (cursor.accept("°")) {
                expr = degrees(expr);
            } else if (cursor.at("'") && expr instanceof Expr.Sym sym) {
                cursor.next();
                expr = new Expr.Sym(sym.name() + "'");
            } else {
                return expr;
            }
        }
    }

    private Expr raised(Expr base) {
        if (acceptAlone("circ") || acceptAlone("°")) {
            return degrees(base);
        }
        if (base instanceof Expr.Sym sym && acceptAlone("'")) {
            return new Expr.Sym(sym.name() + "'");
        }
        if (base instanceof Expr.Sym sym && acceptAlone("*")) {
            return new Expr.Sym(sym.name() + "*");
        }
        return cursor.node(new Expr.Power(base, argument()));
    }

    private Expr degrees(Expr operand) {
        return cursor.node(new Expr.Call(Function.DEGREES, List.of(operand)));
    }

    /** Takes a token that is a whole argument by itself, with or without braces round it. */
    private boolean acceptAlone(String text) {
        boolean braced = cursor.at("{");
        Token token = cursor.peek(braced ? 1 : 0);
        boolean matches = token.text().equals(text)
                && token.kind() != Token.Kind.TEXT
                && (!braced || cursor.peek(2).isPunctuation("}"));
        if (matches) {
            for (int i = 0; i < (braced ? 3 : 1); i++) {
                cursor.next();
            }
        }
        return matches;
    }

    /** A braced group, or a single signed factor without postfix. */
    private Expr argument() {
        if (cursor.at("{")) {
            return group("{", "}");
        }
        cursor.enter();
        Expr single = cursor.accept("-") ? negated(primary()) : primary();
        cursor.leave();
        return single;
    }

    private Expr group(String open, String close) {
        cursor.expect(open);
        brackets++;
        int bars = openBars;
        openBars = 0;
        Expr inner = parseSum();
        openBars = bars;
        brackets--;
        cursor.expect(close);
        return inner;
    }

    private Expr primary() {
        Token token = cursor.peek();
        return switch (token.kind()) {
            case NUMBER -> number();
            case LETTER -> letter(cursor.next().text());
            case WORD -> lettersOf(cursor.next().text());
            case TEXT -> textual(cursor.next().text());
            case COMMAND -> command(cursor.next().text());
            case PUNCTUATION -> bracketed(token.text());
            case END -> throw new ParseFailure("incomplete");
        };
    }

    private Expr bracketed(String open) {
        return switch (open) {
            case "(" -> group("(", ")");
            case "[" -> group("[", "]");
            case "{" -> group("{", "}");
            case "|" -> {
                cursor.next();
                openBars++;
                Expr inner = parseSum();
                openBars--;
                cursor.expect("|");
                yield cursor.node(new Expr.Call(Function.ABS, List.of(inner)));
            }
            default -> throw new ParseFailure("syntax");
        };
    }

    // ---- numbers ----

    private Expr number() {
        String digits = cursor.next().text();
        Integer base = subscriptBase();
        if (base != null) {
            return cursor.node(inBase(digits, base));
        }
        Expr number = cursor.node(new Expr.Num(value(digits)));
        boolean whole = digits.chars().allMatch(c -> c >= '0' && c <= '9');
        Expr fraction = whole ? mixedFraction() : null;
        return fraction == null ? number : cursor.node(new Expr.Sum(List.of(number, fraction)));
    }

    /** The fraction of a mixed number at the cursor, {@code \frac{1}{2}} or {@code 1/2}, where both parts are digits. */
    private @Nullable Expr mixedFraction() {
        int start = cursor.position();
        if (cursor.peek().isCommand("frac")) {
            cursor.next();
            Expr numerator = wholeArgument();
            Expr denominator = numerator == null ? null : wholeArgument();
            if (numerator != null && denominator != null && !cursor.at("^")) {
                return cursor.node(new Expr.Quotient(numerator, denominator));
            }
        } else if (cursor.peek().kind() == Token.Kind.NUMBER
                && cursor.peek(1).isPunctuation("/")
                && cursor.peek(2).kind() == Token.Kind.NUMBER) {
            Expr numerator = new Expr.Num(value(cursor.next().text()));
            cursor.next();
            return cursor.node(new Expr.Quotient(
                    numerator, new Expr.Num(value(cursor.next().text()))));
        }
        cursor.rewind(start);
        return null;
    }

    private @Nullable Expr wholeArgument() {
        boolean braced = cursor.accept("{");
        if (cursor.peek().kind() != Token.Kind.NUMBER || cursor.peek().text().contains(".")) {
            return null;
        }
        Expr number = new Expr.Num(value(cursor.next().text()));
        return braced && !cursor.accept("}") ? null : number;
    }

    /** A numeric subscript after digits is a base: {@code 204_5}, {@code 204_{5}}, {@code 204_{(5)}}. */
    private @Nullable Integer subscriptBase() {
        if (!cursor.at("_")) {
            return null;
        }
        cursor.next();
        boolean braced = cursor.accept("{");
        boolean bracketed = cursor.accept("(");
        boolean negative = cursor.accept("-");
        Token base = cursor.next();
        if (base.kind() != Token.Kind.NUMBER || !base.text().matches("\\d{1,3}")) {
            // A subscript that is no number, as in 90_n, names the digits rather than a computable base.
            throw new ParseFailure("symbolic-base");
        }
        if (bracketed) {
            cursor.expect(")");
        }
        if (braced) {
            cursor.expect("}");
        }
        return negative ? -Integer.parseInt(base.text()) : Integer.parseInt(base.text());
    }

    private static Expr.InBase inBase(String digits, int base) {
        return new Expr.InBase(digits.toUpperCase(Locale.ROOT).replaceFirst("^0+(?=.)", ""), base);
    }

    /** The exact value of a NUMBER token. */
    static Rational value(String digits) {
        StepBudget unmetered = new StepBudget();
        int repeating = digits.indexOf('(');
        if (repeating >= 0) {
            String cycle = digits.substring(repeating + 1, digits.length() - 1);
            String fixed = digits.substring(0, repeating);
            int places = fixed.length() - fixed.indexOf('.') - 1;
            Rational shift = Rational.of(BigInteger.TEN.pow(places));
            Rational tail = Rational.of(
                    new BigInteger(cycle), BigInteger.TEN.pow(cycle.length()).subtract(BigInteger.ONE), unmetered);
            String whole = fixed.equals(".") ? "0" : fixed.replace(".", "");
            return Rational.of(new BigInteger(whole)).add(tail, unmetered).divide(shift, unmetered);
        }
        int exponentAt = Math.max(digits.indexOf('e'), digits.indexOf('E'));
        String mantissa = exponentAt < 0 ? digits : digits.substring(0, exponentAt);
        int exponent = exponentAt < 0 ? 0 : Integer.parseInt(digits.substring(exponentAt + 1));
        if (Math.abs(exponent) > 1_000) {
            throw new ParseFailure("too-many-digits");
        }
        int point = mantissa.indexOf('.');
        int places = point < 0 ? 0 : mantissa.length() - point - 1;
        Rational unscaled = Rational.of(new BigInteger(mantissa.replace(".", "")));
        int scale = exponent - places;
        Rational power = Rational.of(BigInteger.TEN.pow(Math.abs(scale)));
        return scale < 0 ? unscaled.divide(power, unmetered) : unscaled.multiply(power, unmetered);
    }

    // ---- names ----

    private Expr letter(String letter) {
        if (letter.equals("e") && !cursor.at("_")) {
            return cursor.node(Constant.E);
        } else if (letter.equals("i") && !cursor.at("_")) {
            return cursor.node(Constant.I);
        }
        return named(letter);
    }

    /** A name with its subscript and primes and, where it is a function, its arguments. */
    private Expr named(String name) {
        String full = name;
        while (cursor.accept("'")) {
            full += "'";
        }
        if (cursor.accept("_")) {
            brackets++;
            Expr subscript = cursor.peek().kind() == Token.Kind.TEXT
                    ? new Expr.Sym(cursor.next().text())
                    : argument();
            brackets--;
            if (subscript instanceof Expr.Num num) {
                full += "_" + num.value().numerator();
            } else if (subscript instanceof Expr.Sym sym && sym.name().length() > 1) {
                full += "_" + sym.name();
            } else {
                return cursor.node(new Expr.Apply(full + "_", List.of(subscript)));
            }
        }
        if (cursor.at("(") && FUNCTION_NAMES.contains(name)) {
            return cursor.node(new Expr.Apply(full, arguments()));
        }
        return cursor.node(new Expr.Sym(full));
    }

    /** A word that could have been a unit but does not stand where one may: a product of letters after all. */
    private Expr lettersOf(String word) {
        List<Expr> letters = new ArrayList<>();
        for (int i = 0; i < word.length(); i++) {
            letters.add(letter(word.substring(i, i + 1)));
        }
        return product(letters);
    }

    private Expr textual(String text) {
        if (text.matches("[0-9A-Fa-f]+") && cursor.at("_")) {
            Integer base = subscriptBase();
            if (base != null) {
                return cursor.node(inBase(text, base));
            }
        }
        if (text.matches("[A-Za-z]")) {
            return letter(text);
        }
        if (text.matches("\\([A-Z]\\)")) {
            return letter(text.substring(1, 2));
        }
        Function function = FUNCTIONS.get(text);
        if (function != null) {
            return call(function);
        }
        if (text.matches("[A-Za-z]{2,}")) {
            return named(text);
        }
        throw new ParseFailure("prose");
    }

    private List<Expr> arguments() {
        List<Expr> arguments = new ArrayList<>();
        String close = cursor.at("{") ? "}" : ")";
        cursor.expect(close.equals("}") ? "{" : "(");
        brackets++;
        do {
            arguments.add(parseSum());
        } while (cursor.accept(","));
        brackets--;
        cursor.expect(close);
        return List.copyOf(arguments);
    }

    // ---- commands ----

    private Expr command(String name) {
        Function function = FUNCTIONS.get(name);
        if (function != null) {
            return call(function);
        }
        return switch (name) {
            case "frac" -> cursor.node(new Expr.Quotient(argument(), argument()));
            case "binom" -> cursor.node(new Expr.Call(Function.BINOMIAL, List.of(argument(), argument())));
            case "sqrt" -> root();
            case "pi" -> cursor.node(Constant.PI);
            case "infty" -> cursor.node(Constant.INFINITY);
            case "lfloor" -> delimited(Function.FLOOR, "rfloor");
            case "lceil" -> delimited(Function.CEILING, "rceil");
            case "sum" -> series(false);
            case "prod" -> series(true);
            case "overline", "bar", "hat", "vec", "overrightarrow", "tilde", "dot", "ddot" -> accented(name);
            default -> {
                if (NAMES.contains(name)) {
                    yield named(name);
                } else if (name.startsWith("begin ")) {
                    yield matrix(name.substring("begin ".length()));
                } else if (name.matches("math(bf|bb|cal) [A-Za-z]")) {
                    yield named(name);
                }
                throw new ParseFailure("unknown-command");
            }
        };
    }

    /** An accent makes a letter another name, and of anything longer an unknown function. */
    private Expr accented(String accent) {
        Expr argument = argument();
        return argument instanceof Expr.Sym sym
                ? named(accent + " " + sym.name())
                : cursor.node(new Expr.Apply(accent, List.of(argument)));
    }

    private Expr root() {
        Expr degree = cursor.at("[") ? group("[", "]") : Expr.number(2);
        return cursor.node(new Expr.Root(degree, cursor.at("(") ? group("(", ")") : argument()));
    }

    private Expr delimited(Function function, String close) {
        brackets++;
        Expr inner = parseSum();
        brackets--;
        if (!cursor.next().isCommand(close)) {
            throw new ParseFailure("syntax");
        }
        return cursor.node(new Expr.Call(function, List.of(inner)));
    }

    private Expr call(Function function) {
        if (SEVERAL_ARGUMENTS.contains(function)) {
            return cursor.node(new Expr.Call(function, cursor.at("(") ? arguments() : List.of(applied())));
        }
        Expr base = null;
        Expr power = null;
        if (function == Function.LOG && cursor.accept("_")) {
            base = argument();
        }
        if (cursor.accept("^")) {
            power = argument();
        }
        if (function == Function.LOG && base == null && cursor.accept("_")) {
            base = argument();
        }
        Expr argument = applied();
        Function inverse = INVERSES.get(function);
        if (inverse != null && power instanceof Expr.Num num && num.value().equals(Rational.of(-1))) {
            return cursor.node(new Expr.Call(inverse, List.of(argument)));
        }
        Expr call = cursor.node(new Expr.Call(function, base == null ? List.of(argument) : List.of(argument, base)));
        return power == null ? call : cursor.node(new Expr.Power(call, power));
    }

    /** What a function without brackets applies to: the factors up to the next sign, fraction bar or function. */
    private Expr applied() {
        if (cursor.at("(") || cursor.at("{") || cursor.at("[")) {
            return group(cursor.peek().text(), cursor.at("(") ? ")" : cursor.at("{") ? "}" : "]");
        }
        if (cursor.at("|")) {
            return primary();
        }
        cursor.enter();
        List<Expr> factors = new ArrayList<>(List.of(factor()));
        while (startsFactor() && !startsFunction() && !cursor.at("(") && !unitFollows(0, factors)) {
            factors.add(factor());
        }
        cursor.leave();
        return product(factors);
    }

    private boolean startsFunction() {
        return cursor.peek().kind() == Token.Kind.COMMAND
                && FUNCTIONS.containsKey(cursor.peek().text());
    }

    private Expr series(boolean product) {
        cursor.expect("_");
        cursor.expect("{");
        Token index = cursor.next();
        if (index.kind() != Token.Kind.LETTER) {
            throw new ParseFailure("syntax");
        }
        cursor.expect("=");
        Expr from = parseSum();
        cursor.expect("}");
        cursor.expect("^");
        Expr to = argument();
        Expr body = term();
        // Inside the body the index is a name, even where the same letter is a constant outside.
        return cursor.node(new Expr.Series(product, index.text(), from, to, unconstant(body, index.text())));
    }

    private static Expr unconstant(Expr body, String index) {
        if ((index.equals("i") && body == Constant.I) || (index.equals("e") && body == Constant.E)) {
            return new Expr.Sym(index);
        }
        return body.mapChildren(child -> unconstant(child, index));
    }

    // ---- matrices ----

    private Expr matrix(String environment) {
        if (!environment.matches("(?:[pbB]|small)?matrix|array")) {
            throw new ParseFailure("unknown-environment");
        }
        if (environment.equals("array")) {
            cursor.expect("{");
            while (!cursor.accept("}")) {
                if (cursor.next().kind() != Token.Kind.LETTER && !cursor.at("}")) {
                    throw new ParseFailure("syntax");
                }
            }
        }
        brackets++;
        List<List<Expr>> rows = new ArrayList<>();
        while (!cursor.peek().isCommand("end " + environment)) {
            List<Expr> row = new ArrayList<>();
            do {
                row.add(parseSum());
            } while (cursor.accept("&"));
            rows.add(List.copyOf(row));
            if (!cursor.accept("\\\\") && !cursor.peek().isCommand("end " + environment)) {
                throw new ParseFailure("syntax");
            }
        }
        cursor.next();
        brackets--;
        int width = rows.isEmpty() ? 0 : rows.get(0).size();
        if (width == 0 || rows.stream().anyMatch(row -> row.size() != width)) {
            throw new ParseFailure("ragged-matrix");
        }
        return cursor.node(new Expr.Matrix(List.copyOf(rows)));
    }
}
