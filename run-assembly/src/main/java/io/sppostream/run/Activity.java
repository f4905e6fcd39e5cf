package io.sppostream.run;

import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.PromptRules;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;

/**
 * Counts the records of a run's log, as far as they concern some roles, and shows the counts as one line. A rollout is
 * pending from its prompt until the policy has trained on it or it has expired. Knows neither log nor clock. For one
 * thread.
 */
final class Activity {
    private enum Count {
        PROMPTS,
        ROLLOUTS,
        VERDICTS,
        VALUES,
        ADVANTAGES,
        TRAINED
    }

    private final Set<Count> shown;
    private final boolean showsPending;

    /** A verifier alone knows nothing of what expires, and may not read it. */
    private final boolean showsExpired;

    private final Map<Count, Long> counts = new EnumMap<>(Count.class);
    private final Map<ExpiryReason, Long> expired = new EnumMap<>(ExpiryReason.class);
    private final Map<ModelKind, Integer> steps = new EnumMap<>(ModelKind.class);

    /** Rollouts asked for, by id. */
    private final Set<String> pending = new HashSet<>();

    /** Rollouts settled before their prompt was read: the topics are not read in the order of causes. */
    private final Set<String> settledEarly = new HashSet<>();

    private long failedVerdicts;

    Activity(Set<Role> roles) {
        this.shown = EnumSet.noneOf(Count.class);
        roles.forEach(role -> shown.addAll(counts(role)));
        this.showsExpired = !roles.equals(Set.of(Role.VERIFY));
        this.showsPending = shown.contains(Count.PROMPTS) && shown.contains(Count.TRAINED);
        if (roles.size() > 1) { // The line would be too long, and prompts, rollouts and steps say as much.
            shown.removeAll(Set.of(Count.VALUES, Count.ADVANTAGES));
        }
    }

    private static Set<Count> counts(Role role) {
        return switch (role) {
            case FEED -> EnumSet.of(Count.PROMPTS, Count.TRAINED);
            case ROLLOUT -> EnumSet.of(Count.PROMPTS, Count.ROLLOUTS);
            case VERIFY -> EnumSet.of(Count.ROLLOUTS, Count.VERDICTS);
            case ADVANTAGE -> EnumSet.of(Count.ROLLOUTS, Count.VERDICTS, Count.VALUES, Count.ADVANTAGES);
            case SCORE -> EnumSet.of(Count.PROMPTS, Count.VALUES);
            case CRITIC -> EnumSet.of(Count.PROMPTS, Count.VALUES, Count.ADVANTAGES, Count.TRAINED);
            case LEARN -> EnumSet.of(Count.ADVANTAGES, Count.TRAINED);
        };
    }

    /** The topics to read. */
    List<Topic<? extends SpecificRecord>> topics(Topics topics) {
        List<Topic<? extends SpecificRecord>> read = new ArrayList<>();
        for (Count count : shown) {
            read.add(
                    switch (count) {
                        case PROMPTS -> topics.prompts();
                        case ROLLOUTS -> topics.rollouts();
                        case VERDICTS -> topics.verdicts();
                        case VALUES -> topics.values();
                        case ADVANTAGES -> topics.advantages();
                        case TRAINED -> topics.trainingSteps();
                    });
        }
        if (showsExpired) {
            read.add(topics.expired());
        }
        return read;
    }

    /** Counts a record. */
    void add(SpecificRecord event) {
        if (event instanceof Prompt prompt) {
            count(Count.PROMPTS, prompt.getFollowUp() == null ? 1 : 0);
            rolloutIds(prompt).filter(id -> !settledEarly.remove(id)).forEach(pending::add);
        } else if (event instanceof Rollout) {
            count(Count.ROLLOUTS, 1);
        } else if (event instanceof Verdict verdict) {
            count(Count.VERDICTS, 1);
            failedVerdicts += verdict.getReward() == null ? 1 : 0;
        } else if (event instanceof Value) {
            count(Count.VALUES, 1);
        } else if (event instanceof TrainingSample) {
            count(Count.ADVANTAGES, 1);
        } else if (event instanceof TrainingStep step) {
            add(step);
        } else if (event instanceof Expired gone) {
            expired.merge(gone.getReason(), 1L, Long::sum);
            settle(gone);
        }
    }

    /** Whether a reason of expiry was counted before. */
    boolean hasSeen(ExpiryReason reason) {
        return expired.containsKey(reason);
    }

    private static Stream<String> rolloutIds(Prompt prompt) {
        FollowUpRequest followUp = prompt.getFollowUp();
        String asked = followUp == null ? prompt.getRequestId() : followUp.getId();
        return IntStream.range(0, PromptRules.rollouts(prompt)).mapToObj(i -> RolloutIds.of(asked, i));
    }

    private void add(TrainingStep step) {
        ModelKind kind = ModelKind.of(step.getLine());
        steps.put(kind, step.getStep());
        if (kind == ModelKind.POLICY) {
            count(Count.TRAINED, step.getSamples().size());
            step.getSamples().stream().map(TrainedSample::getRolloutId).forEach(this::settle);
        }
    }

    private void settle(Expired gone) {
        if (gone.getReason() == ExpiryReason.DUPLICATE) {
            return; // The first of its kind is settled by itself.
        }
        if (gone.getRolloutId() != null) {
            settle(gone.getRolloutId());
        } else {
            pending.removeIf(id -> RolloutIds.belongsTo(id, gone.getRequestId()));
        }
    }

    private void settle(String rolloutId) {
        if (showsPending && !pending.remove(rolloutId)) {
            settledEarly.add(rolloutId);
        }
    }

    private void count(Count count, long more) {
        counts.merge(count, more, Long::sum);
    }

    /** The counts in one line, for example {@code prompts 67 | trained 24 | expired 41 (41 STALE) | pending 2 | step 3}. */
    String line() {
        List<String> parts = new ArrayList<>();
        for (Count count : shown) {
            String name = count.name().toLowerCase(Locale.ROOT);
            parts.add(name + " " + grouped(counts.getOrDefault(count, 0L)) + failed(count));
        }
        if (showsExpired) {
            parts.add("expired " + expired());
        }
        if (showsPending) {
            parts.add("pending " + grouped(pending.size()));
        }
        if (!steps.isEmpty()) {
            boolean together = steps.values().stream().distinct().count() == 1 && steps.size() > 1;
            parts.add(
                    together
                            ? "step " + steps.get(ModelKind.POLICY)
                            : "step "
                                    + steps.entrySet().stream()
                                            .map(step -> step.getKey().id() + " " + step.getValue())
                                            .collect(Collectors.joining(", ")));
        }
        return String.join(" | ", parts);
    }

    private String failed(Count count) {
        return count == Count.VERDICTS && failedVerdicts > 0 ? " (" + grouped(failedVerdicts) + " not judged)" : "";
    }

    private String expired() {
        long all = expired.values().stream().mapToLong(Long::longValue).sum();
        return all == 0
                ? "0"
                : grouped(all)
                        + expired.entrySet().stream()
                                .map(reason -> grouped(reason.getValue()) + " " + reason.getKey())
                                .collect(Collectors.joining(", ", " (", ")"));
    }

    private static String grouped(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }
}
