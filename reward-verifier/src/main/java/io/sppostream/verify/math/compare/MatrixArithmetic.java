package io.sppostream.verify.math.compare;

import io.sppostream.verify.math.answer.Expr;
import io.sppostream.verify.math.answer.Expr.Matrix;
import io.sppostream.verify.math.number.Undecided;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/** Evaluates sums, multiples and products of matrices, entry by entry. */
final class MatrixArithmetic {
    private static final int MAX_ENTRIES = 100;

    private MatrixArithmetic() {}

    static boolean isMatrix(Expr expr) {
        return expr.contains(part -> part instanceof Matrix);
    }

    /**
     * Evaluates an expression to a matrix.
     *
     * @throws Undecided if it is not a matrix, or shapes do not match
     */
    static Matrix evaluate(Expr expr) {
        if (expr instanceof Matrix matrix) {
            return matrix;
        } else if (expr instanceof Expr.Neg neg) {
            return map(evaluate(neg.operand()), Expr.Neg::new);
        } else if (expr instanceof Expr.Sum sum) {
            return sum.terms().stream()
                    .map(MatrixArithmetic::evaluate)
                    .reduce(MatrixArithmetic::add)
                    .orElseThrow(() -> Undecided.unsupported("empty sum"));
        } else if (expr instanceof Expr.Quotient quotient && !isMatrix(quotient.denominator())) {
            return map(evaluate(quotient.numerator()), entry -> new Expr.Quotient(entry, quotient.denominator()));
        } else if (expr instanceof Expr.Product product) {
            return product(product.factors());
        }
        throw Undecided.unsupported("not a matrix");
    }

    private static Matrix product(List<Expr> factors) {
        List<Expr> scalars =
                factors.stream().filter(factor -> !isMatrix(factor)).toList();
        Matrix product = factors.stream()
                .filter(MatrixArithmetic::isMatrix)
                .map(MatrixArithmetic::evaluate)
                .reduce(MatrixArithmetic::multiply)
                .orElseThrow(() -> Undecided.unsupported("not a matrix"));
        return scalars.isEmpty()
                ? product
                : map(product, entry -> {
                    List<Expr> scaled = new ArrayList<>(scalars);
                    scaled.add(entry);
                    return new Expr.Product(List.copyOf(scaled));
                });
    }

    private static Matrix map(Matrix matrix, UnaryOperator<Expr> image) {
        return new Matrix(matrix.rows().stream()
                .map(row -> row.stream().map(image).toList())
                .toList());
    }

    private static Matrix add(Matrix first, Matrix second) {
        return combine(first, second, (a, b) -> new Expr.Sum(List.of(a, b)));
    }

    private static Matrix combine(Matrix first, Matrix second, BinaryOperator<Expr> operator) {
        List<List<Expr>> rows = new ArrayList<>();
        requireShape(first.rows().size() == second.rows().size()
                && first.rows().get(0).size() == second.rows().get(0).size());
        for (int i = 0; i < first.rows().size(); i++) {
            List<Expr> row = new ArrayList<>();
            for (int j = 0; j < first.rows().get(i).size(); j++) {
                row.add(operator.apply(
                        first.rows().get(i).get(j), second.rows().get(i).get(j)));
            }
            rows.add(List.copyOf(row));
        }
        return new Matrix(List.copyOf(rows));
    }

    private static Matrix multiply(Matrix first, Matrix second) {
        int inner = second.rows().size();
        int width = second.rows().get(0).size();
        requireShape(first.rows().get(0).size() == inner && first.rows().size() * width <= MAX_ENTRIES);
        List<List<Expr>> rows = new ArrayList<>();
        for (List<Expr> left : first.rows()) {
            List<Expr> row = new ArrayList<>();
            for (int j = 0; j < width; j++) {
                List<Expr> terms = new ArrayList<>();
                for (int k = 0; k < inner; k++) {
                    terms.add(new Expr.Product(
                            List.of(left.get(k), second.rows().get(k).get(j))));
                }
                row.add(new Expr.Sum(List.copyOf(terms)));
            }
            rows.add(List.copyOf(row));
        }
        return new Matrix(List.copyOf(rows));
    }

    private static void requireShape(boolean fits) {
        if (!fits) {
            throw Undecided.unsupported("shapes differ");
        }
    }
}
