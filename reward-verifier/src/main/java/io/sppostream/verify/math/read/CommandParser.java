package io.sppostream.verify.math.read;

import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Constant;
import io.sppostream.verify.math.answer.Expr.Function;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses LaTeX commands: fractions, roots, floors, sums, accents, matrices, Greek letters and functions. */
final class CommandParser {
    /** Commands that are names: Greek letters, and symbols that stand for or before a named object. */
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

    private final TokenCursor cursor;
    private final ExpressionParser expressions;
    private final FunctionParser functions;

    CommandParser(TokenCursor cursor, ExpressionParser expressions, FunctionParser functions) {
        this.cursor = cursor;
        this.expressions = expressions;
        this.functions = functions;
    }

    /** The expression of a command whose name was read. */
    Expr parse(String name) {
        Function function = FunctionParser.known(name);
        if (function != null) {
            return functions.call(function);
        }
        return switch (name) {
            case "frac" -> cursor.node(new Expr.Quotient(expressions.argument(), expressions.argument()));
            case "binom" ->
                cursor.node(new Expr.Call(Function.BINOMIAL, List.of(expressions.argument(), expressions.argument())));
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
                    yield expressions.named(name);
                } else if (name.startsWith("begin ")) {
                    yield matrix(name.substring("begin ".length()));
                } else if (name.matches("math(bf|bb|cal) [A-Za-z]")) {
                    yield expressions.named(name);
                }
                throw new ParseFailure("unknown-command");
            }
        };
    }

    /** A letter with an accent is another name. Anything longer with an accent is an unknown function of it. */
    private Expr accented(String accent) {
        Expr argument = expressions.argument();
        return argument instanceof Expr.Sym sym
                ? expressions.named(accent + " " + sym.name())
                : cursor.node(new Expr.Apply(accent, List.of(argument)));
    }

    private Expr root() {
        Expr degree = cursor.at("[") ? expressions.group("[", "]") : Expr.number(2);
        return cursor.node(
                new Expr.Root(degree, cursor.at("(") ? expressions.group("(", ")") : expressions.argument()));
    }

    private Expr delimited(Function function, String close) {
        Expr inner = expressions.inBrackets(expressions::parseSum);
        if (!cursor.next().isCommand(close)) {
            throw new ParseFailure("syntax");
        }
        return cursor.node(new Expr.Call(function, List.of(inner)));
    }

    private Expr series(boolean product) {
        cursor.expect("_");
        cursor.expect("{");
        Token index = cursor.next();
        if (index.kind() != Token.Kind.LETTER) {
            throw new ParseFailure("syntax");
        }
        cursor.expect("=");
        Expr from = expressions.parseSum();
        cursor.expect("}");
        cursor.expect("^");
        Expr to = expressions.argument();
        Expr body = expressions.term();
        // In the body the index is a name, even if its letter is a constant elsewhere.
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
        List<List<Expr>> rows = expressions.inBrackets(() -> rows(environment));
        cursor.next();
        int width = rows.isEmpty() ? 0 : rows.get(0).size();
        if (width == 0 || rows.stream().anyMatch(row -> row.size() != width)) {
            throw new ParseFailure("ragged-matrix");
        }
        return cursor.node(new Expr.Matrix(rows));
    }

    private List<List<Expr>> rows(String environment) {
        List<List<Expr>> rows = new ArrayList<>();
        while (!cursor.peek().isCommand("end " + environment)) {
            List<Expr> row = new ArrayList<>();
            do {
                row.add(expressions.parseSum());
            } while (cursor.accept("&"));
            rows.add(List.copyOf(row));
            if (!cursor.accept("\\\\") && !cursor.peek().isCommand("end " + environment)) {
                throw new ParseFailure("syntax");
            }
        }
        return List.copyOf(rows);
    }
}
