package io.sppostream.learn.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.log.EventRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GroupBatchTest {

    /** Letters in order of arrival, each a group of one; unusable ones are in lower case, and a step has three. */
    @ParameterizedTest
    @CsvSource({
        "AB, '', '', AB",
        "ABC, ABC, '', ''",
        "ABCDE, ABC, '', DE",
        "aBCD, BCD, a, ''",
        "aBbCDE, BCD, ab, E",
        // samples behind the batch are not looked at yet
        "ABCdE, ABC, '', dE",
        "aBCDeF, BCD, a, eF",
        // too few usable ones: all samples are looked at
        "aBbC, '', ab, BC",
        "abcd, '', abcd, ''",
    })
    void shouldTakeTheFirstUsableSamplesWhenGroupsHaveOneSample(
            String arrived, String batch, String unusable, String left) {
        List<EventRecord<?>> pending = pending(1, arrived);
        check(GroupBatch.take(pending, 3, GroupBatchTest::isLowerCase), pending, batch, unusable, left);
    }

    /** A letter is a sample of the group of two with that letter; a step has two groups. */
    @ParameterizedTest
    @CsvSource({
        "AABB, AABB, '', ''",
        "AABBCC, AABB, '', CC",
        "AAB, '', '', AAB",
        // the other sample of A never comes
        "ABB, ABB, '', ''",
        "ABBC, ABB, '', C",
        "AaBB, ABB, a, ''",
        "aaBBCC, BBCC, aa, ''",
        // C is not complete
        "aaBBC, '', aa, BBC",
        "aaBBCCD, BBCC, aa, D",
        // too few groups: whole groups go, the others stay as they are
        "aaBb, '', aa, Bb",
        "aabb, '', aabb, ''",
        // one group after another with the same id
        "AAAA, AAAA, '', ''"
    })
    void shouldTakeWholeGroupsWhenGroupsHaveTwoSamples(String arrived, String batch, String unusable, String left) {
        List<EventRecord<?>> pending = pending(2, arrived);
        check(GroupBatch.take(pending, 2, GroupBatchTest::isLowerCase), pending, batch, unusable, left);
    }

    @Test
    void shouldConsumeTheHeadOfEachPartitionWhenPartitionsInterleave() {
        List<EventRecord<?>> pending = new ArrayList<>(List.of(
                record(2, 'A', 0, 0),
                record(2, 'B', 1, 0),
                record(2, 'B', 1, 1),
                record(2, 'C', 1, 2),
                record(2, 'C', 1, 3)));

        GroupBatch batch = GroupBatch.take(pending, 2, any -> false);

        assertThat(letters(batch.samples())).isEqualTo("BBCC");
        assertThat(letters(pending)).isEqualTo("A");
    }

    @Test
    void shouldCountCompleteGroups() {
        List<EventRecord<?>> pending =
                List.of(record(2, 'A', 0, 0), record(2, 'B', 1, 0), record(2, 'B', 1, 1), record(1, 'C', 1, 2));
        assertThat(GroupBatch.has(pending, 2)).isTrue();
        assertThat(GroupBatch.has(pending, 3)).isFalse();
        assertThat(GroupBatch.countByPartition(pending)).containsOnlyKeys(1).containsEntry(1, 2);
    }

    private static void check(
            GroupBatch taken, List<EventRecord<?>> pending, String batch, String unusable, String left) {
        assertThat(letters(taken.samples())).isEqualTo(batch);
        assertThat(letters(taken.unusable())).isEqualTo(unusable);
        assertThat(letters(pending)).isEqualTo(left);
        assertThat(taken.isFull()).isEqualTo(!batch.isEmpty());
    }

    private static List<EventRecord<?>> pending(int groupSamples, String letters) {
        List<EventRecord<?>> pending = new ArrayList<>();
        for (int i = 0; i < letters.length(); i++) {
            pending.add(record(groupSamples, letters.charAt(i), 0, i));
        }
        return pending;
    }

    private static boolean isLowerCase(EventRecord<?> record) {
        return Character.isLowerCase(letter(record));
    }

    private static char letter(EventRecord<?> record) {
        return ((TrainingSample) record.event()).getRollout().getText().charAt(0);
    }

    private static String letters(List<EventRecord<?>> records) {
        return records.stream().map(record -> String.valueOf(letter(record))).collect(Collectors.joining());
    }

    private static EventRecord<?> record(int groupSamples, char letter, int partition, long offset) {
        String requestId = String.valueOf(Character.toUpperCase(letter));
        Rollout rollout = Rollout.newBuilder()
                .setRolloutId(requestId + "/" + offset)
                .setRequestId(requestId)
                .setPromptId("p")
                .setDataset("test")
                .setMessages(List.of(new Message("user", "")))
                .setReference("")
                .setPromptTokens(List.of(1))
                .setResponseTokens(List.of(1))
                .setText(String.valueOf(letter))
                .setBehaviourLogProbs(List.of(-1f))
                .setPolicySegments(List.of())
                .setSampling(new SamplingSettings(1.0, 1.0, 0, 1))
                .setSeed(1)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(Instant.EPOCH)
                .build();
        return new EventRecord<>(
                "advantages",
                partition,
                offset,
                requestId,
                TrainingSample.newBuilder()
                        .setRollout(rollout)
                        .setVerdict(Verdict.newBuilder()
                                .setRolloutId(rollout.getRolloutId())
                                .setRequestId(requestId)
                                .setVerifier("exact")
                                .setVerifierVersion("1")
                                .setStatus(VerdictStatus.CORRECT)
                                .setReward(1.0)
                                .setRule("")
                                .setJudgedAt(Instant.EPOCH)
                                .build())
                        .setReward(1)
                        .setEstimator("grpo")
                        .setSegments(List.of())
                        .setEstimatedAt(Instant.EPOCH)
                        .setGroupSamples(groupSamples)
                        .build());
    }
}
