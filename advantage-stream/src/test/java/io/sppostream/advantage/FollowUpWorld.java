package io.sppostream.advantage;

import static java.util.Objects.requireNonNull;

import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.builtin.EstimatorCatalogue;
import io.sppostream.events.Expired;
import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.events.RequestPurpose;
import io.sppostream.events.Rollout;
import io.sppostream.events.RolloutParent;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.list.IntList;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * A join with an estimator that asks for follow-ups, and a producer and a verifier that answer what the join commits. A
 * seed decides what is sampled, what goes wrong and when.
 */
final class FollowUpWorld {
    private static final int PROMPT_TOKENS = 3;
    private static final List<Map<String, String>> ESTIMATORS = List.of(
            Map.of("", "remax", "samples", "2"),
            Map.of("", "vineppo", "completions", "2", "separator", "1"),
            Map.of("", "spo-chain", "samples", "2", "completions", "2", "interval", "2"),
            Map.of("", "spo-chain", "samples", "1", "completions", "3", "partition", "fixed", "length", "2"),
            Map.of("", "spo-tree", "branches", "2-2-3", "max.tokens", "2"),
            Map.of("", "spo-tree", "branches", "1-3", "max.tokens", "2", "mask", "false"));

    private final Random random;
    private final long seed;
    private final Set<FollowUpFault> faults;
    private final Set<FollowUpFault> happened = EnumSet.noneOf(FollowUpFault.class);
    private final JoinSettings settings;
    private final SimulatedJoin join;
    private final List<String> requests = new ArrayList<>();

    /** All rollouts that were sampled, whether or not they reach the log. */
    private final Map<String, Rollout> sampled = new LinkedHashMap<>();

    private final Map<String, Double> rewards = new HashMap<>();
    private final Set<String> refused = new HashSet<>();
    private final Set<String> strays = new HashSet<>();
    private final Set<SpecificRecord> arrived = new HashSet<>();
    private final Set<String> answered = new HashSet<>();
    private final Deque<SpecificRecord> unsent = new ArrayDeque<>();

    FollowUpWorld(long seed, Set<FollowUpFault> faults, Path stateDirectory) {
        this.seed = seed;
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.faults = faults;
        Map<String, String> choice = new HashMap<>(ESTIMATORS.get(random.nextInt(ESTIMATORS.size())));
        String name = String.valueOf(choice.remove(""));
        this.settings = new JoinSettings(
                EstimatorCatalogue.open().create(name, choice),
                random.nextInt(4) > 0,
                JoinDriver.SETTINGS.rewards(),
                Duration.ofSeconds(60),
                Duration.ofDays(1));
        this.join = new SimulatedJoin(stateDirectory, settings);
    }

    AdvantageEstimator estimator() {
        return settings.estimator();
    }

    JoinSettings settings() {
        return settings;
    }

    /** Runs until all records are read and answered, all that waits has expired, and all that settled is forgotten. */
    void run() {
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            requests.add("r-" + i);
            boolean usual = random.nextInt(6) > 0;
            int samples = usual ? estimator().needs().samples() : 1 + random.nextInt(3);
            answer(prompt("r-" + i, samples));
        }
        if (faults.contains(FollowUpFault.EARLY)) {
            answerBeforeTheJoinAsks();
        }
        double crashes = faults.contains(FollowUpFault.CRASH) ? random.nextDouble() * 0.05 : 0;
        double commits = 0.02 + random.nextDouble() * 0.3;
        do {
            while (!unsent.isEmpty() || !join.unread().isEmpty()) {
                step();
                if (random.nextDouble() < crashes) {
                    join.crash();
                    happened.add(FollowUpFault.CRASH);
                } else if (random.nextDouble() < commits) {
                    commit();
                }
            }
            commit();
        } while (!unsent.isEmpty());
        join.crash();
        join.advance(settings.patience().plusSeconds(1));
        join.commit();
        join.advance(settings.remember().plusSeconds(1));
        join.commit();
    }

    private void step() {
        var unread = join.unread();
        if (unread.isEmpty() || (!unsent.isEmpty() && random.nextInt(3) == 0)) {
            join.append(next());
        } else {
            join.process(unread.get(random.nextInt(unread.size())));
        }
        if (faults.contains(FollowUpFault.LATENESS) && random.nextInt(5) == 0) {
            join.advance(Duration.ofMillis(random.nextInt(20_000)));
            happened.add(FollowUpFault.LATENESS);
        }
    }

    private SpecificRecord next() {
        if (faults.contains(FollowUpFault.REORDERING) && unsent.size() > 1) {
            happened.add(FollowUpFault.REORDERING);
            for (int skipped = random.nextInt(unsent.size()); skipped > 0; skipped--) {
                unsent.addLast(unsent.removeFirst());
            }
        }
        return unsent.removeFirst();
    }

    /** Commits, and answers the follow-ups that others see now. */
    private void commit() {
        join.commit();
        if (faults.contains(FollowUpFault.RESTART) && random.nextInt(3) == 0) {
            join.crash();
            happened.add(FollowUpFault.RESTART);
        }
        followUps().forEach(this::answer);
    }

    private static Prompt prompt(String requestId, int samples) {
        return new Prompt(requestId, "p", "addition", List.of(), "42", samples, 0, Instant.EPOCH, null, null, 0);
    }

    /** Samples what the prompts ask for, as if the join had read all of it. */
    private void answerBeforeTheJoinAsks() {
        boolean anyNew = true;
        while (anyNew) {
            anyNew = false;
            for (String request : requests) {
                for (var followUp : GroupCredits.plan(estimator(), request, trainable(request))) {
                    if (!answered.contains(followUp.id()) && random.nextInt(4) > 0) {
                        answer(FollowUpPrompts.of(
                                followUp, sampled::get, trainable(request).get(0), Instant.EPOCH));
                        happened.add(FollowUpFault.EARLY);
                        anyNew = true;
                    }
                }
            }
        }
    }

    /** Sampled rollouts of a request that are not evidence. */
    List<Rollout> trainable(String requestId) {
        return sampled.values().stream()
                .filter(rollout -> rollout.getRequestId().equals(requestId)
                        && !strays.contains(rollout.getRolloutId())
                        && !GroupCredits.isEvidence(rollout.getPurpose()))
                .toList();
    }

    /** Samples and judges what a prompt asks for, once. */
    private void answer(Prompt prompt) {
        FollowUpRequest followUp = prompt.getFollowUp();
        String asked = followUp == null ? prompt.getRequestId() : followUp.getId();
        if (!answered.add(asked)) {
            return;
        }
        boolean refuses = followUp != null && faults.contains(FollowUpFault.REFUSAL) && random.nextInt(4) == 0;
        for (int sample = 0; sample < prompt.getSamples(); sample++) {
            Rollout rollout = rollout(prompt, asked, sample);
            sampled.put(rollout.getRolloutId(), rollout);
            if (refuses || (faults.contains(FollowUpFault.REFUSAL) && random.nextInt(15) == 0)) {
                happened.add(FollowUpFault.REFUSAL);
                refused.add(rollout.getRolloutId());
                send(Events.expired(rollout.getRequestId(), rollout.getRolloutId(), "rollout-producer"));
            } else {
                send(rollout);
                send(verdict(rollout));
            }
        }
        if (faults.contains(FollowUpFault.STRAY) && random.nextInt(3) == 0) {
            stray(prompt);
        }
    }

    private void stray(Prompt prompt) {
        String id = prompt.getRequestId() + "~0123456789abcde" + random.nextInt(2);
        RequestPurpose purpose = random.nextBoolean() ? RequestPurpose.PREFIX_VALUE : RequestPurpose.BASELINE;
        Rollout stray = Rollout.newBuilder(rollout(prompt(prompt.getRequestId(), 2), id, random.nextInt(2)))
                .setPurpose(purpose)
                .build();
        if (strays.add(stray.getRolloutId())) {
            happened.add(FollowUpFault.STRAY);
            sampled.put(stray.getRolloutId(), stray);
            send(stray);
            send(verdict(stray));
        }
    }

    /** Sampling is a function of seed and id, so that a rollout is the same whenever it is sampled. */
    private Rollout rollout(Prompt prompt, String asked, int sample) {
        String id = RolloutIds.of(asked, sample);
        Random tokens = new Random(seed * 31 + id.hashCode());
        int limit = limit(prompt);
        int length = 1 + tokens.nextInt(4);
        boolean cut = length >= limit;
        int count = Math.min(length, limit);
        FollowUpRequest followUp = prompt.getFollowUp();
        List<Integer> read = new ArrayList<>(List.of(7, 8, 9));
        List<Integer> response = new ArrayList<>();
        List<Float> logProbs = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        List<Integer> starts = new ArrayList<>();
        if (followUp != null) {
            followUp.getPrefixTokens().forEach(token -> {
                read.add(token);
                text.append(token);
            });
        }
        for (int t = 0; t < count; t++) {
            starts.add(text.length());
            response.add(tokens.nextInt(3));
            text.append(response.get(t));
            logProbs.add(tokens.nextBoolean() ? -0.01f : -1f);
        }
        String parent = followUp == null ? null : followUp.getParent();
        return Rollout.newBuilder(Events.rollout(prompt.getRequestId(), 0, prompt.getSamples()))
                .setRolloutId(id)
                .setSampleIndex(sample)
                .setPromptTokens(read)
                .setResponseTokens(response)
                .setBehaviourLogProbs(logProbs)
                .setPolicySegments(List.of(new PolicySegment(count, 7, "00")))
                .setText(text.toString())
                .setTokenStarts(starts)
                .setCut(cut)
                .setPurpose(followUp == null ? RequestPurpose.TRAIN : followUp.getPurpose())
                .setParent(parent == null ? null : new RolloutParent(parent, read.size() - PROMPT_TOKENS))
                .build();
    }

    private int limit(Prompt prompt) {
        if (prompt.getFollowUp() == null) {
            return estimator().needs().sampling().maxTokens();
        }
        Integer own = prompt.getSampling() == null ? null : prompt.getSampling().getMaxTokens();
        return own == null ? Integer.MAX_VALUE : own;
    }

    private Verdict verdict(Rollout rollout) {
        boolean fails = faults.contains(FollowUpFault.NOT_JUDGED) && random.nextInt(8) == 0;
        if (fails) {
            happened.add(FollowUpFault.NOT_JUDGED);
        }
        double reward = new Random(seed * 17 + rollout.getRolloutId().hashCode()).nextInt(3) / 2.0;
        if (!fails) {
            rewards.put(rollout.getRolloutId(), reward);
        }
        return new Verdict(
                rollout.getRolloutId(),
                rollout.getRequestId(),
                "exact",
                "1",
                fails ? VerdictStatus.INFRA_ERROR : VerdictStatus.INCORRECT,
                fails ? null : (Double) reward,
                "42",
                "equal",
                Instant.EPOCH,
                Map.of(),
                false);
    }

    private void send(SpecificRecord event) {
        if (faults.contains(FollowUpFault.LOSS) && random.nextInt(12) == 0) {
            happened.add(FollowUpFault.LOSS);
            return;
        }
        arrived.add(event);
        unsent.addLast(event);
        while (faults.contains(FollowUpFault.DUPLICATE) && random.nextInt(3) == 0) {
            happened.add(FollowUpFault.DUPLICATE);
            unsent.addLast(event);
        }
    }

    /** The faults that happened. */
    Set<FollowUpFault> happened() {
        return happened;
    }

    boolean has(FollowUpFault fault) {
        return faults.contains(fault);
    }

    Collection<String> requests() {
        return requests;
    }

    /** The rollout with an id. */
    @Nullable
    Rollout rollout(String rolloutId) {
        return sampled.get(rolloutId);
    }

    /** The reward of a rollout; null if its verifier fails. */
    @Nullable
    Double reward(String rolloutId) {
        return rewards.get(rolloutId);
    }

    /** Whether a rollout reaches the log. */
    boolean hasArrived(String rolloutId) {
        return arrived.contains(sampled.get(rolloutId));
    }

    /** Ids of rollouts that the producer refuses, which settle by that. */
    Set<String> refused() {
        return refused;
    }

    /** Ids of rollouts for which nobody asked. */
    Set<String> strays() {
        return strays;
    }

    /** Ids of the rollouts that a request, or a follow-up of it, asks for. */
    List<String> expected(String requestId, List<Prompt> followUps) {
        List<String> expected = new ArrayList<>(sampled.keySet().stream()
                .filter(id -> RolloutIds.followUpId(id) == null && RolloutIds.belongsTo(id, requestId))
                .toList());
        followUps.stream()
                .filter(prompt -> prompt.getRequestId().equals(requestId))
                .forEach(prompt -> IntStream.range(0, prompt.getSamples())
                        .mapToObj(i -> RolloutIds.of(
                                requireNonNull(prompt.getFollowUp()).getId(), i))
                        .forEach(expected::add));
        return expected;
    }

    /** The prefix of a follow-up, by the rollouts that were sampled. */
    List<Integer> prefix(FollowUpRequest followUp) {
        if (followUp.getParent() == null) {
            return List.of();
        }
        Rollout parent = requireNonNull(sampled.get(followUp.getParent()));
        List<Integer> tokens = new ArrayList<>(parent.getPromptTokens()
                .subList(PROMPT_TOKENS, parent.getPromptTokens().size()));
        tokens.addAll(IntList.from(parent.getResponseTokens()));
        return tokens.subList(0, followUp.getPrefixTokens().size());
    }

    /** The follow-ups that were committed, in order. */
    List<Prompt> followUps() {
        return join.committed(Prompt.class);
    }

    /** The training samples that were committed, in order. */
    List<TrainingSample> samples() {
        return join.committed(TrainingSample.class);
    }

    /** The expiries that were committed, in order. */
    List<Expired> expired() {
        return join.committed(Expired.class);
    }

    /** Number of entries in the stores. */
    int stored() {
        return join.stored();
    }
}
