package io.sppostream.verify.math.answer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A parsed answer. Its type decides how it is compared. */
public sealed interface Answer {

    /**
     * A single value.
     *
     * @param unit the canonical unit; null if none was written
     * @param percent whether a percent sign was written
     */
    record Value(Expr expr, @Nullable String unit, boolean percent) implements Answer {
        /** A value without unit or percent sign. */
        public static Value of(Expr expr) {
            return new Value(expr, null, false);
        }
    }

    /** Several answers. */
    record Sequence(Kind kind, List<Answer> items) implements Answer {
        /** How the items are written. */
        public enum Kind {
            /** In round brackets, ordered. */
            TUPLE,
            /** In braces. */
            SET,
            /** Separated by commas, without brackets. */
            LIST
        }
    }

    /** An interval of the reals. An infinite end is open. */
    record Interval(Expr low, boolean lowClosed, Expr high, boolean highClosed) implements Answer {}

    /** A union of intervals and sets. */
    record Union(List<Answer> parts) implements Answer {}

    /** A set without the elements of another: {@code \mathbb{R} \setminus \{2\}}. */
    record Difference(Answer from, Answer removed) implements Answer {}

    /** An equation, inequality, membership or congruence. It has one more side than relators. */
    record Relation(List<Answer> sides, List<Relator> relators) implements Answer {}

    /** Numbers in proportion, or a time of day: {@code 7:32}. */
    record Ratio(List<Expr> parts, @Nullable String unit) implements Answer {}

    /** Words. */
    record Text(String text) implements Answer {}

    /** How two sides of a relation are related. */
    enum Relator {
        EQUAL,
        APPROXIMATELY,
        UNEQUAL,
        LESS,
        AT_MOST,
        GREATER,
        AT_LEAST,
        MEMBER,
        DIVIDES,
        CONGRUENT,
        MODULO;

        /** Whether this is equality, exact or approximate. */
        public boolean isEquality() {
            return this == EQUAL || this == APPROXIMATELY;
        }

        /** Whether this is one of the four inequalities with an order. */
        public boolean isOrder() {
            return this == LESS || this == AT_MOST || this == GREATER || this == AT_LEAST;
        }

        /** The relator with its sides exchanged. */
        public Relator flipped() {
            return switch (this) {
                case LESS -> GREATER;
                case AT_MOST -> AT_LEAST;
                case GREATER -> LESS;
                case AT_LEAST -> AT_MOST;
                default -> this;
            };
        }
    }
}
