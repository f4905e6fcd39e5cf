package io.sppostream.learn.batch;

import io.sppostream.estimator.TrainingRecipe.EdgeReplay;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Spreads the samples of a group over several steps, as SPO-tree does with the edges of its trees (arXiv 2505.23564). The
 * samples of a group are shuffled. The step that takes the group trains the first of them, the next step the following
 * ones, and so on, at most {@code perGroup} each. Samples that would wait for {@code maxAge} steps or more are never
 * trained.
 *
 * <p>When a sample is trained depends on the seed, its group and the step that took the group, and on nothing else. So a
 * learner finds the samples that it still holds after a restart by reading the groups of the last steps again. For one
 * thread.
 *
 * @param <T> the type of samples
 */
public final class SpreadSamples<T> {
    private final EdgeReplay settings;
    private final long seed;
    private final Function<T, String> requestId;
    private final Function<T, String> rolloutId;
    private final TreeMap<Integer, List<T>> held = new TreeMap<>();

    /**
     * @param requestId identifies the group of a sample
     * @param rolloutId identifies a sample
     */
    public SpreadSamples(EdgeReplay settings, long seed, Function<T, String> requestId, Function<T, String> rolloutId) {
        this.settings = settings;
        this.seed = seed;
        this.requestId = requestId;
        this.rolloutId = rolloutId;
    }

    /**
     * Takes the samples of whole groups.
     *
     * @param step the first step that trains some of each group
     * @return the samples that no step will train
     */
    public List<T> add(int step, List<T> samples) {
        if (settings.perGroup() == 0) {
            due(step, samples);
            return List.of();
        }
        Map<String, List<T>> groups = new LinkedHashMap<>();
        samples.forEach(sample -> groups.computeIfAbsent(requestId.apply(sample), id -> new ArrayList<>())
                .add(sample));
        List<T> dropped = new ArrayList<>();
        groups.forEach((id, group) -> {
            group.sort(Comparator.comparing(rolloutId));
            Collections.shuffle(group, new Random(Long.rotateLeft(seed * 0x9E3779B97F4A7C15L, 32) ^ id.hashCode()));
            for (int from = 0; from < group.size(); from += settings.perGroup()) {
                int age = from / settings.perGroup();
                List<T> part = group.subList(from, Math.min(from + settings.perGroup(), group.size()));
                if (age < settings.maxAge()) {
                    due(step + age, part);
                } else {
                    dropped.addAll(part);
                }
            }
        });
        return dropped;
    }

    private void due(int step, List<T> samples) {
        held.computeIfAbsent(step, each -> new ArrayList<>()).addAll(samples);
    }

    /** Removes and returns the samples that a step trains. Those of earlier steps are discarded. */
    public List<T> take(int step) {
        held.headMap(step).clear();
        List<T> due = held.remove(step);
        return due == null ? List.of() : due;
    }
}
