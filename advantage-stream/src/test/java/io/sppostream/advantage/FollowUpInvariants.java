package io.sppostream.advantage;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.advantage.GroupCredits.Judged;
import io.sppostream.estimator.FollowUp;
import io.sppostream.estimator.Group;
import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.FollowUpRequest;
import io.sppostream.events.Prompt;
import io.sppostream.events.TrainingSample;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What holds of the committed output of a join with follow-ups, whatever happened. */
final class FollowUpInvariants {
    private final FollowUpWorld world;
    private final Map<String, TrainingSample> trained = new HashMap<>();
    private final Map<String, Expired> expired = new HashMap<>();

    private FollowUpInvariants(FollowUpWorld world) {
        this.world = world;
    }

    static void verifyAll(FollowUpWorld world) {
        FollowUpInvariants invariants = new FollowUpInvariants(world);
        invariants.eachSettlesOnce();
        invariants.followUpsArePlanned();
        world.requests().forEach(invariants::allThatIsAskedForSettles);
        world.requests().forEach(invariants::creditsAreThoseOfTheGroup);
        assertThat(world.stored()).as("entries of the stores").isZero();
    }

    private void eachSettlesOnce() {
        for (TrainingSample sample : world.samples()) {
            String id = sample.getRollout().getRolloutId();
            assertThat(trained.put(id, sample)).as("trained twice: %s", id).isNull();
            assertThat(sample.getRollout()).isEqualTo(world.rollout(id));
        }
        for (Expired gone : world.expired()) {
            String id = gone.getRolloutId() == null ? gone.getRequestId() : gone.getRolloutId();
            assertThat(expired.put(id, gone)).as("expired twice: %s", id).isNull();
            assertThat(trained).as("trained and expired").doesNotContainKey(id);
        }
    }

    private void followUpsArePlanned() {
        Set<String> published = new HashSet<>();
        for (Prompt prompt : world.followUps()) {
            FollowUpRequest followUp = requireNonNull(prompt.getFollowUp());
            assertThat(published.add(followUp.getId()))
                    .as("published twice: %s", followUp.getId())
                    .isTrue();
            assertThat(followUp.getPrefixTokens()).isEqualTo(world.prefix(followUp));
            assertThat(GroupCredits.plan(
                            world.estimator(), prompt.getRequestId(), world.trainable(prompt.getRequestId())))
                    .as("plan of %s", prompt.getRequestId())
                    .anySatisfy(planned -> {
                        assertThat(planned.id()).isEqualTo(followUp.getId());
                        assertThat(planned.completions()).isEqualTo(prompt.getSamples());
                    });
        }
    }

    private void allThatIsAskedForSettles(String request) {
        Expired whole = expired.get(request);
        List<String> asked = world.expected(request, world.followUps());
        boolean isKnown = asked.stream().anyMatch(world::hasArrived);
        for (String id : asked) {
            int settlements = (trained.containsKey(id) ? 1 : 0) + (expired.containsKey(id) ? 1 : 0);
            if (whole != null) {
                assertThat(settlements)
                        .as("settlements of %s beside its request", id)
                        .isZero();
            } else if (!world.refused().contains(id)) {
                assertThat(settlements).as("settlements of %s", id).isEqualTo(isKnown ? 1 : 0);
            } else if (!world.has(FollowUpFault.LOSS) && !world.has(FollowUpFault.LATENESS)) {
                assertThat(settlements)
                        .as("settlements of %s, which is refused", id)
                        .isZero();
            }
        }
        world.strays().stream()
                .filter(id -> requireNonNull(world.rollout(id)).getRequestId().equals(request))
                .forEach(id -> assertThat(trained).doesNotContainKey(id));
    }

    private void creditsAreThoseOfTheGroup(String request) {
        List<Judged> members = new ArrayList<>();
        Set<Integer> groupSamples = new HashSet<>();
        for (String id : world.expected(request, world.followUps())) {
            TrainingSample sample = trained.get(id);
            Expired gone = expired.get(id);
            if (sample != null) {
                groupSamples.add(sample.getGroupSamples());
            } else if (gone != null && gone.getReason() == ExpiryReason.EVIDENCE) {
                groupSamples.add(gone.getGroupSamples());
            } else {
                continue;
            }
            members.add(new Judged(requireNonNull(world.rollout(id)), requireNonNull(world.reward(id))));
        }
        if (members.isEmpty()) {
            return;
        }
        Group group = GroupCredits.group(world.estimator().needs(), request, null, members);
        Map<String, List<AdvantageSegment>> credits = GroupCredits.credit(world.estimator(), group).entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, credit -> credit.getValue().segments()));
        Map<String, List<AdvantageSegment>> actual = trained.values().stream()
                .filter(sample -> sample.getRollout().getRequestId().equals(request))
                .collect(Collectors.toMap(sample -> sample.getRollout().getRolloutId(), TrainingSample::getSegments));
        assertThat(actual).as("credits of %s", request).isEqualTo(credits);
        assertThat(groupSamples).as("group samples of %s", request).hasSize(1);
        if (isUndisturbed()) {
            assertThat(members)
                    .as("members of %s", request)
                    .hasSize(world.expected(request, world.followUps()).size());
            assertThat(planned(request))
                    .as("follow-ups of %s", request)
                    .isEqualTo(world.followUps().stream()
                            .filter(prompt -> prompt.getRequestId().equals(request))
                            .map(prompt -> requireNonNull(prompt.getFollowUp()).getId())
                            .collect(Collectors.toSet()));
        }
    }

    private Set<String> planned(String request) {
        return GroupCredits.plan(world.estimator(), request, world.trainable(request)).stream()
                .map(FollowUp::id)
                .collect(Collectors.toSet());
    }

    private boolean isUndisturbed() {
        return !world.has(FollowUpFault.LOSS)
                && !world.has(FollowUpFault.LATENESS)
                && !world.has(FollowUpFault.NOT_JUDGED)
                && !world.has(FollowUpFault.REFUSAL);
    }
}
