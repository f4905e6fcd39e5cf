package io.sppostream.compare;

import io.sppostream.compare.CellOutcome.Finished;
import io.sppostream.log.UserException;
import io.sppostream.run.Budget;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which runs a comparison takes. Every variant is tuned in the same way: it runs with each rate and the first seed, and
 * the rate whose accuracy is highest at the end of the budget, the lower one of two equals, runs with the other seeds.
 * Without rates, each variant keeps the rate of its settings.
 *
 * @param rates learning rates of the policy; may be empty
 * @param seeds the first one chooses the rate
 * @param target accuracy whose first time is measured
 */
public record ComparisonPlan(
        List<Variant> variants, List<Double> rates, List<Long> seeds, Budget budget, double target) {
    public ComparisonPlan {
        variants = List.copyOf(variants);
        rates = rates.stream().sorted().toList();
        seeds = List.copyOf(seeds);
        if (variants.isEmpty() || seeds.isEmpty()) {
            throw new UserException("a comparison needs an estimator and a seed");
        }
        if (new HashSet<>(rates).size() < rates.size() || new HashSet<>(seeds).size() < seeds.size()) {
            throw new UserException("a rate or a seed is given twice");
        }
        if (rates.stream().anyMatch(rate -> !(rate > 0 && Double.isFinite(rate)))) {
            throw new UserException("a rate is above 0");
        }
        if (!(target > 0 && target <= 1)) {
            throw new UserException("--target is an accuracy above 0 and at most 1, got " + target);
        }
        if (!budget.isLimited()) {
            throw new UserException("a comparison needs a budget");
        }
    }

    /** The runs that choose the rate of a variant. */
    List<Cell> tuning(Variant variant) {
        return rates.isEmpty()
                ? List.of(new Cell(variant, null, seeds.get(0)))
                : rates.stream()
                        .map(rate -> new Cell(variant, rate, seeds.get(0)))
                        .toList();
    }

    /** All runs that may be taken, whichever rates are chosen. */
    public List<Cell> candidates() {
        return variants.stream()
                .flatMap(variant -> tuning(variant).stream())
                .flatMap(cell -> seeds.stream().map(seed -> new Cell(cell.variant(), cell.rate(), seed)))
                .toList();
    }

    private Stream<Cell> tuning() {
        return variants.stream().flatMap(variant -> tuning(variant).stream());
    }

    /** How many runs are taken if none fails. */
    public int size() {
        return variants.size() * (Math.max(1, rates.size()) + seeds.size() - 1);
    }

    /** The next run; empty if all are done. */
    Optional<Cell> next(Map<Cell, CellOutcome> outcomes) {
        return Stream.concat(tuning(), variants.stream().flatMap(variant -> selected(variant, outcomes).stream()))
                .filter(cell -> !outcomes.containsKey(cell))
                .findFirst();
    }

    /** The run with the best rate and the first seed; empty until all rates are tried, or if none has an accuracy. */
    Optional<Cell> best(Variant variant, Map<Cell, CellOutcome> outcomes) {
        Cell best = null;
        double highest = Double.NEGATIVE_INFINITY;
        for (Cell cell : tuning(variant)) {
            CellOutcome outcome = outcomes.get(cell);
            if (outcome == null) {
                return Optional.empty();
            }
            OptionalDouble accuracy = accuracy(outcome);
            if (accuracy.isPresent() && accuracy.getAsDouble() > highest) {
                best = cell;
                highest = accuracy.getAsDouble();
            }
        }
        return Optional.ofNullable(best);
    }

    private OptionalDouble accuracy(@Nullable CellOutcome outcome) {
        return outcome instanceof Finished finished ? finished.result().accuracyAt(budget) : OptionalDouble.empty();
    }

    /** The runs with the best rate, one for each seed; empty until the rate is chosen. */
    List<Cell> selected(Variant variant, Map<Cell, CellOutcome> outcomes) {
        List<Cell> cells = new ArrayList<>();
        best(variant, outcomes)
                .ifPresent(best -> seeds.forEach(seed -> cells.add(new Cell(variant, best.rate(), seed))));
        return cells;
    }
}
