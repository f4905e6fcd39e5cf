package io.sppostream.verify.math.read;

import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Function;
import io.sppostream.verify.math.number.Rational;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Parses known functions applied to arguments, with or without brackets: {@code \log_2 8}, {@code \sin^2 2x}. */
final class FunctionParser {
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

    private final TokenCursor cursor;
    private final ExpressionParser expressions;

    FunctionParser(TokenCursor cursor, ExpressionParser expressions) {
        this.cursor = cursor;
        this.expressions = expressions;
    }

    /** The known function of a name, or null. */
    static @Nullable Function known(String name) {
        return FUNCTIONS.get(name);
    }

    /** The call of a function whose name was read. */
    Expr call(Function function) {
        if (SEVERAL_ARGUMENTS.contains(function)) {
            return cursor.node(new Expr.Call(function, cursor.at("(") ? expressions.arguments() : List.of(applied())));
        }
        Expr base = null;
        Expr power = null;
        if (function == Function.LOG && cursor.accept("_")) {
            base = expressions.argument();
        }
        if (cursor.accept("^")) {
            power = expressions.argument();
        }
        if (function == Function.LOG && base == null && cursor.accept("_")) {
            base = expressions.argument();
        }
        Expr argument = applied();
        Function inverse = INVERSES.get(function);
        if (inverse != null && power instanceof Expr.Num num && num.value().equals(Rational.of(-1))) {
            return cursor.node(new Expr.Call(inverse, List.of(argument)));
        }
        Expr call = cursor.node(new Expr.Call(function, base == null ? List.of(argument) : List.of(argument, base)));
        return power == null ? call : cursor.node(new Expr.Power(call, power));
    }

    /** The argument: in brackets, or the factors up to the next sign, fraction bar or function. */
    private Expr applied() {
        if (cursor.at("(") || cursor.at("{") || cursor.at("[")) {
            return expressions.group(cursor.peek().text(), cursor.at("(") ? ")" : cursor.at("{") ? "}" : "]");
        }
        if (cursor.at("|")) {
            return expressions.primary();
        }
        cursor.enter();
        List<Expr> factors = new ArrayList<>(List.of(expressions.factor()));
        while (expressions.startsFactor()
                && !startsFunction()
                && !cursor.at("(")
                && !expressions.unitFollows(0, factors)) {
            factors.add(expressions.factor());
        }
        cursor.leave();
        return expressions.product(factors);
    }

    private boolean startsFunction() {
        return cursor.peek().kind() == Token.Kind.COMMAND
                && FUNCTIONS.containsKey(cursor.peek().text());
    }
}
