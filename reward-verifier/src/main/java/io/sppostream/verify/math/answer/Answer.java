package io.sppostream.verify.math.answer;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A parsed answer; its type decides how it is compared. */
public sealed interface Answer {

    /**
     * One value.
     *
     * @param unit the canonical unit, null where none was written
     * @param percent whether it was written with a percent sign
     */
    record Value(Expr expr, @Nullable String unit, boolean percent) implements Answer {
        public static Value of(Expr expr) {
            return new Value(expr, null, false);
        }
    }

    /** Several answers: in brackets and ordered, in braces, or just separated by commas. */
    record Sequence(Kind kind, List<Answer> items) implements Answer {
        public enum Kind {
            TUPLE,
            SET,
            LIST
        }
    }

    /** An interval of the reals; an infinite end is open. */
    record Interval(Expr low, boolean lowClosed, Expr high, boolean highClosed) implements Answer {}

    /** A union of intervals and sets. */
    record Union(List<Answer> parts) implements Answer {}

    /** An equation, inequality, membership or congruence; {@code sides} has one entry more than {@code relators}. */
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

        boolean isEquality() {
            return this == EQUAL || this == APPROXIMATELY;
        }

        public boolean isOrder() {
            return this == LESS || this == AT_MOST || this == GREATER || this == AT_LEAST;
        }

        /** The relation as seen from the other side. */
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
