package io.sppostream.estimator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sppostream.estimator.GroupRollout.Origin;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GroupTest {
    private static GroupRollout rollout(Origin origin, int... tokens) {
        return new GroupRollout(
                origin.requestId() + "/" + origin.index(),
                origin,
                tokens,
                new float[tokens.length],
                null,
                null,
                false,
                1.0);
    }

    private static Group group(List<GroupRollout> rollouts, Evidence... evidence) {
        return new Group("g", null, rollouts, List.of(evidence));
    }

    private static Evidence evidence(String request, int index, @Nullable Double reward) {
        return new Evidence(request + "/" + index, request, index, reward);
    }

    @Test
    void shouldListFirstSamplesThenBranchesWhenMembersComeInAnyOrder() {
        GroupRollout first = rollout(Origin.ofPrompt("g", 2), 1);
        GroupRollout tenth = rollout(Origin.ofPrompt("g", 10), 2);
        GroupRollout branch = rollout(new Origin("a~1", 0, "g/2", 1), 3);

        assertThat(group(List.of(branch, tenth, first)).rollouts()).containsExactly(first, tenth, branch);
    }

    @Test
    void shouldAverageTheJudgedWhenEvidenceIsAsked() {
        Group group = group(
                List.of(),
                evidence("g~1", 2, 0.0),
                evidence("g~1", 0, 1.0),
                evidence("g~1", 1, null),
                evidence("g~2", 0, null));

        assertThat(group.meanReward("g~1")).hasValue(0.5);
        assertThat(group.meanReward("g~2")).isEmpty();
        assertThat(group.meanReward("g~3")).isEmpty();
        assertThat(group.evidence()).extracting(Evidence::id).containsExactly("g~1/0", "g~1/1", "g~1/2", "g~2/0");
    }

    @Test
    void shouldNameTheMemberWhenItDoesNotBelong() {
        GroupRollout first = rollout(Origin.ofPrompt("g", 0), 1);
        assertThatThrownBy(() -> group(List.of(first, first))).hasMessage("group g has two rollouts g/0");
        assertThatThrownBy(() -> group(List.of(first), evidence("g", 0, 1.0)))
                .hasMessage("group g has two rollouts g/0");
        assertThatThrownBy(() -> group(List.of(rollout(Origin.ofPrompt("h", 0), 1))))
                .hasMessage("rollout h/0 is of request h, not of group g");
        assertThatThrownBy(() -> group(List.of(rollout(new Origin("g~1", 0, "g/7", 1), 1))))
                .hasMessage("rollout g~1/0 continues g/7, which is not in group g");
    }

    @Test
    void shouldNameTheArrayWhenLengthsDiffer() {
        Origin origin = Origin.ofPrompt("g", 0);
        assertThatThrownBy(() -> new GroupRollout("g/0", origin, new int[2], new float[3], null, null, false, null))
                .hasMessage("rollout g/0 has 3 log-probs for 2 tokens");
        assertThatThrownBy(() ->
                        new GroupRollout("g/0", origin, new int[2], new float[2], new double[1], null, false, null))
                .hasMessage("rollout g/0 has 1 values for 2 tokens");
        assertThatThrownBy(() -> new GroupRollout("g/0", origin, new int[0], new float[0], null, null, false, null))
                .hasMessage("rollout g/0 has no tokens");
    }

    @Test
    void shouldDeriveOneIdWhenPrefixesAreEqual() {
        Group group =
                group(List.of(rollout(Origin.ofPrompt("g", 0), 5, 6, 7), rollout(Origin.ofPrompt("g", 1), 5, 6, 8)));
        List<FollowUp> first = FollowUp.ofPrefixes(
                group, group.rollout("g/0"), new int[] {0, 2, 3}, Purpose.PREFIX_VALUE, 9, Sampling.DEFAULT);
        List<FollowUp> second = FollowUp.ofPrefixes(
                group, group.rollout("g/1"), new int[] {0, 2, 3}, Purpose.PREFIX_VALUE, 9, Sampling.DEFAULT);

        assertThat(first.get(0))
                .as("the prompt itself")
                .isEqualTo(second.get(0))
                .isEqualTo(FollowUp.ofPrompt(group, Purpose.PREFIX_VALUE, 9, Sampling.DEFAULT));
        assertThat(first.get(1).id())
                .as("the same two tokens")
                .isEqualTo(second.get(1).id());
        assertThat(first.get(2).id())
                .as("another third token")
                .isNotEqualTo(second.get(2).id());
        assertThat(first).extracting(FollowUp::id).allMatch(id -> id.matches("g~[0-9a-f]{16}"));
    }

    @Test
    void shouldDeriveTheSameIdWhenABranchHasTheTokensOfAnUnbranchedRollout() {
        Group group = group(List.of(
                rollout(Origin.ofPrompt("g", 0), 5, 6),
                rollout(Origin.ofPrompt("g", 1), 5, 6, 7, 8),
                rollout(new Origin("g~1", 0, "g/0", 2), 7, 8)));

        assertThat(end(group, "g~1/0", 2)).isEqualTo(end(group, "g/1", 4));
        assertThat(end(group, "g~1/0", 2)).isNotEqualTo(end(group, "g/0", 2));
    }

    private static String end(Group group, String rollout, int cut) {
        return FollowUp.ofPrefixes(group, group.rollout(rollout), new int[] {cut}, Purpose.BRANCH, 6, Sampling.DEFAULT)
                .get(0)
                .id();
    }

    @Test
    void shouldDeriveAnotherIdWhenAnythingSampledDiffers() {
        Group group = group(List.of());
        assertThat(List.of(
                        FollowUp.ofPrompt(group, Purpose.BASELINE, 1, Sampling.GREEDY)
                                .id(),
                        FollowUp.ofPrompt(group, Purpose.BASELINE, 2, Sampling.GREEDY)
                                .id(),
                        FollowUp.ofPrompt(group, Purpose.BASELINE, 1, Sampling.DEFAULT)
                                .id(),
                        FollowUp.ofPrompt(group, Purpose.BASELINE, 1, Sampling.upTo(30))
                                .id(),
                        FollowUp.ofPrompt(group, Purpose.PREFIX_VALUE, 1, Sampling.GREEDY)
                                .id()))
                .doesNotHaveDuplicates();
    }
}
