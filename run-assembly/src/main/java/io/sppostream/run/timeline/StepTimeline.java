package io.sppostream.run.timeline;

import io.sppostream.events.catalogue.ModelKind;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The hops of one step of the policy, from the commit of the step that made room for its prompts to its own commit, and
 * its critical path: back from the end, always the hop that the next one waited for last. Knows neither log nor clock.
 */
public final class StepTimeline {
    /**
     * A part of the critical path.
     *
     * @param waiting whether nothing of the hop was done in it
     */
    record Part(Hop hop, boolean waiting, Instant from, Instant to) {
        Duration length() {
            return Duration.between(from, to);
        }

        /** What the time went into. */
        String description() {
            return waiting ? "waiting " + hop.stage().gap : hop.stage().work;
        }

        private Duration within(Instant begin, Instant end) {
            Duration common = Duration.between(Hop.later(from, begin), Hop.earlier(to, end));
            return common.isNegative() ? Duration.ZERO : common;
        }
    }

    private final int step;
    private final StepTimes times;
    private final Collection<StepTimes> ledger;
    private final List<SampleTimes> samples;
    private final List<SampleTimes> samplesBefore;
    private final @Nullable Hop before;
    private final List<Hop> hops;
    private final List<Hop> path;

    private StepTimeline(
            StepTimes times, Collection<StepTimes> ledger, List<SampleTimes> samples, List<SampleTimes> samplesBefore) {
        this.step = times.step();
        this.times = times;
        this.ledger = ledger;
        this.samples = samples;
        this.samplesBefore = samplesBefore;
        this.before = policyStep(done -> done.step() == step - 1);
        List<Hop> all = new ArrayList<>();
        Hop end = follow(all);
        this.path = path(end);
        this.hops = rows(all);
    }

    /**
     * The timeline of a step.
     *
     * @param ledger steps of policy and critic around the step: back to those whose commit came before its first prompt,
     *     and on to the next step of the policy
     * @param samples of the step, at least one
     * @param samplesBefore those of the step before it; empty for the first step
     * @throws IllegalArgumentException if the ledger does not have the step
     */
    static StepTimeline of(
            int step, Collection<StepTimes> ledger, List<SampleTimes> samples, List<SampleTimes> samplesBefore) {
        StepTimes times = ledger.stream()
                .filter(each -> each.kind() == ModelKind.POLICY && each.step() == step)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no step " + step));
        return new StepTimeline(times, ledger, samples, samplesBefore);
    }

    /** Adds the hops of the step in the order of their causes; returns the last. */
    private Hop follow(List<Hop> all) {
        Span sampling = span(SampleTimes::sampled);
        Span releases = span(SampleTimes::released);
        Hop room = sampling == null ? null : room(releases == null ? sampling.first() : releases.first(), all);
        Hop released = hop(Stage.RELEASED, "prompts released", releases, room, all);
        Hop prompted = released == null ? room : released;
        Span scoring = span(SampleTimes::scored);
        boolean scoresResponses = samples.stream().anyMatch(SampleTimes::scoresResponse);
        Hop promptsScored = scoresResponses
                ? null
                : hop(Stage.SCORED, "prompts scored", scoring, criticBusy(prompted, scoring, all), all);
        Hop sampled = hop(Stage.SAMPLED, "responses sampled", sampling, producerBusy(prompted, sampling, all), all);
        Hop scored = scoresResponses
                ? hop(Stage.SCORED, "responses scored", scoring, criticBusy(sampled, scoring, all), all)
                : promptsScored;
        Hop judged = hop(Stage.JUDGED, "responses judged", span(SampleTimes::judged), sampled, all);
        Hop joined = last(judged == null ? sampled : judged, scored);
        Span crediting = Span.of(samples.stream().map(SampleTimes::credited).toList());
        Hop credited = add(new Hop(Stage.CREDITED, "samples credited", crediting, joined), all);
        if (before != null) {
            add(before, all);
        }
        Hop started = add(
                new Hop(Stage.STARTED, "step " + step + " started", Span.at(times.started()), last(credited, before)),
                all);
        Hop updated = add(new Hop(Stage.UPDATED, "policy updated", Span.at(times.updated()), started), all);
        Hop published = add(new Hop(Stage.PUBLISHED, "weights published", Span.at(times.published()), updated), all);
        Instant committed = times.committed();
        return committed == null
                ? published
                : add(new Hop(Stage.COMMITTED, "step " + step + " committed", Span.at(committed), published), all);
    }

    private @Nullable Span span(Function<SampleTimes, @Nullable Instant> time) {
        List<Instant> known =
                samples.stream().map(time).filter(Objects::nonNull).toList();
        return known.size() < samples.size() ? null : Span.of(known);
    }

    private static @Nullable Hop hop(
            Stage stage, String name, @Nullable Span span, @Nullable Hop cause, List<Hop> all) {
        return span == null ? null : add(new Hop(stage, name, span, cause), all);
    }

    private static Hop add(Hop hop, List<Hop> all) {
        if (!all.contains(hop)) {
            all.add(hop);
        }
        return hop;
    }

    private static @Nullable Hop last(@Nullable Hop a, @Nullable Hop b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        return b.end().isAfter(a.end()) ? b : a;
    }

    /**
     * The commit that made room for the step's prompts. The feed waits for both models; if the critic was last, the path
     * leads through its step to that of the policy.
     */
    private @Nullable Hop room(Instant firstPrompt, List<Hop> all) {
        Hop policy = policyStep(done -> done.step() < step && !done.done().isAfter(firstPrompt));
        if (policy == null) {
            return null;
        }
        add(policy, all);
        StepTimes critic = criticStep(done -> !done.done().isAfter(firstPrompt));
        return critic == null || !critic.done().isAfter(policy.end()) ? policy : add(criticHop(critic, policy), all);
    }

    /** What scoring waited for: what is scored, or a step that the critic was still training. */
    private @Nullable Hop criticBusy(@Nullable Hop scored, @Nullable Span scoring, List<Hop> all) {
        if (scoring == null || scored == null) {
            return scored;
        }
        StepTimes busy = criticStep(
                done -> done.done().isAfter(scored.end()) && !done.done().isAfter(scoring.first()));
        return busy == null ? scored : add(criticHop(busy, null), all);
    }

    /** What sampling waited for: the prompts, or the responses of the step before. */
    private @Nullable Hop producerBusy(@Nullable Hop prompted, @Nullable Span sampling, List<Hop> all) {
        List<Instant> earlier = samplesBefore.stream()
                .map(SampleTimes::sampled)
                .filter(Objects::nonNull)
                .toList();
        if (sampling == null || prompted == null || earlier.isEmpty()) {
            return prompted;
        }
        Span span = Span.of(earlier);
        return span.last().isAfter(prompted.end()) && span.last().isBefore(sampling.first())
                ? add(
                        new Hop(
                                Stage.EARLIER_SAMPLES,
                                "responses of step " + (step - 1) + " sampled",
                                new Span(span.records(), span.last(), span.last(), span.last()),
                                null),
                        all)
                : prompted;
    }

    private @Nullable Hop policyStep(Predicate<StepTimes> wanted) {
        StepTimes last = lastOf(ModelKind.POLICY, wanted);
        return last == null
                ? null
                : new Hop(Stage.EARLIER_STEP, "step " + last.step() + " committed", Span.at(last.done()), null);
    }

    private @Nullable StepTimes criticStep(Predicate<StepTimes> wanted) {
        return lastOf(ModelKind.CRITIC, wanted);
    }

    private @Nullable StepTimes lastOf(ModelKind kind, Predicate<StepTimes> wanted) {
        return ledger.stream()
                .filter(each -> each.kind() == kind)
                .filter(wanted)
                .max(Comparator.comparing(StepTimes::step))
                .orElse(null);
    }

    /** A step of the critic that others waited for. Without a cause, its time counts from its own start. */
    private static Hop criticHop(StepTimes critic, @Nullable Hop cause) {
        Span span =
                cause == null ? new Span(1, critic.started(), critic.done(), critic.done()) : Span.at(critic.done());
        return new Hop(Stage.CRITIC_STEP, "critic step " + critic.step() + " committed", span, cause);
    }

    private static List<Hop> path(Hop end) {
        Deque<Hop> path = new ArrayDeque<>();
        for (Hop hop = end; hop != null; hop = hop.cause()) {
            path.addFirst(hop);
        }
        return List.copyOf(path);
    }

    /** All hops and the critic's training on the same samples, in order of time. */
    private List<Hop> rows(List<Hop> all) {
        List<Hop> rows = new ArrayList<>(all);
        StepTimes critic = criticStep(each -> each.step() == step);
        if (critic != null) {
            Hop credited = all.stream()
                    .filter(hop -> hop.stage() == Stage.CREDITED)
                    .findFirst()
                    .orElseThrow();
            StepTimes earlier = criticStep(each -> each.step() == step - 1);
            Hop ready = last(credited, earlier == null ? null : criticHop(earlier, null));
            Hop started = new Hop(Stage.STARTED, "critic step " + step + " started", Span.at(critic.started()), ready);
            rows.add(started);
            rows.add(criticHop(critic, started));
        }
        // Stable: hops of the same instant stay in the order of their causes.
        rows.sort(Comparator.comparing(Hop::end));
        return List.copyOf(rows);
    }

    /** The step. */
    int step() {
        return step;
    }

    /** Number of samples that the step trained. */
    int samples() {
        return samples.size();
    }

    /** All hops, in order of time. */
    List<Hop> hops() {
        return hops;
    }

    /** Whether the step would have ended earlier if the hop had. */
    boolean isCritical(Hop hop) {
        return path.contains(hop);
    }

    /** The hop with which the critical path begins, for example the commit of an earlier step. */
    Hop head() {
        return path.get(0);
    }

    /** The hop with which the step ends: its commit, or the publication of its weights if the ledger has no more yet. */
    Hop end() {
        return path.get(path.size() - 1);
    }

    /** From where times are counted: the end of the path's first hop, or its beginning if it took time itself. */
    Instant origin() {
        return head().start();
    }

    /** The length of the critical path. */
    Duration length() {
        return Duration.between(origin(), end().end());
    }

    /** The critical path's parts that take time, in order: they add up to its length. */
    List<Part> parts() {
        return path.stream()
                .flatMap(hop -> Stream.of(
                        new Part(hop, true, hop.start(), hop.begin()), new Part(hop, false, hop.begin(), hop.end())))
                .filter(part -> part.length().compareTo(Duration.ZERO) > 0)
                .toList();
    }

    /** The part that takes longest; null if none takes any time. */
    @Nullable
    Part bottleneck() {
        return parts().stream().max(Comparator.comparing(Part::length)).orElse(null);
    }

    /** From the commit of the step before to the end of this one; null for the first step. */
    @Nullable
    Duration sinceStepBefore() {
        return before == null ? null : Duration.between(before.end(), end().end());
    }

    /** How long each sample that was ready waited for the learner to train the step before; only those that did. */
    List<Duration> waitsForLearner() {
        if (before == null) {
            return List.of();
        }
        Instant free = Hop.earlier(before.end(), times.started());
        return samples.stream()
                .map(sample -> Duration.between(sample.credited(), free))
                .filter(wait -> wait.compareTo(Duration.ZERO) > 0)
                .sorted()
                .toList();
    }

    /** For how long the critical path was with each role while the policy learner waited for samples, by role. */
    public Map<String, Duration> learnerWaitedFor() {
        Instant idle = before == null ? origin() : before.end();
        Map<String, Duration> byRole = new TreeMap<>();
        for (Part part : parts()) {
            Duration waited = part.within(idle, times.started());
            if (!waited.isZero()) {
                byRole.merge(part.hop().stage().role, waited, Duration::plus);
            }
        }
        return byRole;
    }
}
