package io.sppostream.verify.math.read;

import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Constant;
import io.sppostream.verify.math.answer.Expr.Function;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Parses one expression by recursive descent: signs, products, powers, brackets and names. Anything that it does not
 * understand fails the parse; there is no error recovery.
 *
 * <pre>
 * sum     := ['+' | '-' | '±'] term (('+' | '-' | '±') term)*
 * term    := factor (('*' | '/' | nothing) factor)*
 * factor  := '-' factor | primary postfix*
 * postfix := '^' argument | '!' | '°' | "'" | '_' argument
 * </pre>
 */
final class ExpressionParser {
    /** Letters that before a bracket are far more often a function than a factor. */
    private static final Set<String> FUNCTION_NAMES = Set.of("f", "g", "h", "F", "G", "H");

    private final TokenCursor cursor;
    private final NumberParser numbers;
    private final FunctionParser functions;
    private final CommandParser commands;
    private int openBars;
    private int brackets;

    ExpressionParser(TokenCursor cursor) {
        this.cursor = cursor;
        this.numbers = new NumberParser(cursor);
        this.functions = new FunctionParser(cursor, this);
        this.commands = new CommandParser(cursor, this, functions);
    }

    /** Parses something in brackets, where no unit can follow. */
    <T> T inBrackets(Supplier<T> content) {
        brackets++;
        T parsed = content.get();
        brackets--;
        return parsed;
    }

    /** The whole expression at the cursor. */
    Expr parseSum() {
        cursor.enter();
        List<Expr> terms = new ArrayList<>();
        terms.add(signed());
        while (cursor.at("+") || (cursor.at("-") && !cursor.atMinusSet()) || cursor.at("±") || cursor.at("∓")) {
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

    /** Factors with explicit or implicit multiplication and division. */
    Expr term() {
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
                // n 2^n is a product. Two numbers side by side are a typing error.
                factors.add(factor());
            } else {
                return product(factors);
            }
        }
    }

    /** The product of factors; the factor itself if there is only one. */
    Expr product(List<Expr> factors) {
        return factors.size() == 1 ? factors.get(0) : cursor.node(new Expr.Product(List.copyOf(factors)));
    }

    /** Whether another factor of an implicit product starts at the cursor. */
    boolean startsFactor() {
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

    /** Whether the unit of the answer starts that many tokens ahead: after a number, outside any bracket. */
    boolean unitFollows(int ahead, List<Expr> factors) {
        Token token = cursor.peek(ahead);
        boolean word = token.kind() == Token.Kind.WORD;
        boolean text = token.kind() == Token.Kind.TEXT;
        return brackets == 0
                && openBars == 0
                && (word || (text && UnitWords.inText(token.text()) != null))
                && factors.stream().allMatch(factor -> factor.variables().isEmpty());
    }

    // ---- factors ----

    /** A signed factor with its powers, factorials, degree signs and primes. */
    Expr factor() {
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

    /** Accepts a token that is a whole argument by itself, with or without braces. */
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
    Expr argument() {
        if (cursor.at("{")) {
            return group("{", "}");
        }
        cursor.enter();
        Expr single = cursor.accept("-") ? negated(primary()) : primary();
        cursor.leave();
        return single;
    }

    /** A sum in brackets. */
    Expr group(String open, String close) {
        cursor.expect(open);
        int bars = openBars;
        openBars = 0;
        Expr inner = inBrackets(this::parseSum);
        openBars = bars;
        cursor.expect(close);
        return inner;
    }

    /** A number, name, command or bracket, without any postfix. */
    Expr primary() {
        Token token = cursor.peek();
        return switch (token.kind()) {
            case NUMBER -> numbers.parse();
            case LETTER -> letter(cursor.next().text());
            case WORD -> lettersOf(cursor.next().text());
            case TEXT -> textual(cursor.next().text());
            case COMMAND -> commands.parse(cursor.next().text());
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

    // ---- names ----

    private Expr letter(String letter) {
        if (letter.equals("e") && !cursor.at("_")) {
            return cursor.node(Constant.E);
        } else if (letter.equals("i") && !cursor.at("_")) {
            return cursor.node(Constant.I);
        }
        return named(letter);
    }

    /** A name with its subscript and primes and, if it is a function, its arguments. */
    Expr named(String name) {
        String full = name;
        while (cursor.accept("'")) {
            full += "'";
        }
        if (cursor.accept("_")) {
            Expr subscript = cursor.peek().kind() == Token.Kind.TEXT
                    ? new Expr.Sym(cursor.next().text())
                    : inBrackets(this::argument);
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

    /** A word that could be a unit but is not in the place of one: a product of letters. */
    private Expr lettersOf(String word) {
        List<Expr> letters = new ArrayList<>();
        for (int i = 0; i < word.length(); i++) {
            letters.add(letter(word.substring(i, i + 1)));
        }
        return product(letters);
    }

    private Expr textual(String text) {
        if (text.matches("[0-9A-Fa-f]+") && cursor.at("_")) {
            return numbers.inBase(text);
        }
        if (text.matches("[A-Za-z]")) {
            return letter(text);
        }
        if (text.matches("\\([A-Z]\\)")) {
            return letter(text.substring(1, 2));
        }
        Function function = FunctionParser.known(text);
        if (function != null) {
            return functions.call(function);
        }
        if (text.matches("[A-Za-z]{2,}")) {
            return named(text);
        }
        throw new ParseFailure("prose");
    }

    /** The arguments of a function, in round brackets and separated by commas. */
    List<Expr> arguments() {
        cursor.expect("(");
        List<Expr> arguments = inBrackets(() -> {
            List<Expr> parsed = new ArrayList<>();
            do {
                parsed.add(parseSum());
            } while (cursor.accept(","));
            return List.copyOf(parsed);
        });
        cursor.expect(")");
        return arguments;
    }
}
