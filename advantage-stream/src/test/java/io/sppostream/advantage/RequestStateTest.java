package io.sppostream.advantage;

import static io.sppostream.advantage.Events.input;
import static io.sppostream.advantage.Events.refusal;
import static io.sppostream.advantage.Events.rollout;
import static io.sppostream.advantage.Events.tokenValues;
import static io.sppostream.advantage.Events.value;
import static io.sppostream.advantage.Events.verdict;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.JoinState;
import io.sppostream.events.VerdictStatus;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RequestStateTest {
    private final RequestState request = new RequestState("r-1", 1_000);

    private boolean add(SpecificRecord event) {
        return request.add(input(event), null);
    }

    static List<SpecificRecord> events() {
        return List.of(rollout("r-1", 0, 2), verdict("r-1", 0, true), value("r-1", 0.25), refusal("r-1", 0));
    }

    @ParameterizedTest
    @MethodSource("events")
    void shouldAddAnEventOnceWhenItIsRepeated(SpecificRecord event) {
        assertThat(add(event)).isTrue();
        JoinState first = request.toEvent();

        assertThat(add(event)).isFalse();
        assertThat(request.toEvent()).isEqualTo(first);
    }

    @Test
    void shouldKeepTheFirstWhenARepetitionSaysSomethingElse() {
        add(value("r-1", 0.25));
        add(verdict("r-1", 0, true));

        assertThat(add(value("r-1", 0.75))).isFalse();
        assertThat(add(verdict("r-1", 0, false))).isFalse();
        assertThat(request.value()).isEqualTo(value("r-1", 0.25));
        assertThat(requireNonNull(request.find("r-1/0")).verdicts()).containsExactly(verdict("r-1", 0, true));
    }

    @Test
    void shouldTakeOneVerdictOfEachVerifierWhenSeveralJudge() {
        assertThat(add(verdict("facts", "r-1", 0, VerdictStatus.CORRECT, 1.0))).isTrue();
        assertThat(add(verdict("style", "r-1", 0, VerdictStatus.CORRECT, 1.0))).isTrue();
        assertThat(add(verdict("facts", "r-1", 0, VerdictStatus.CORRECT, 1.0))).isFalse();
        assertThat(add(verdict("facts", "r-1", 1, VerdictStatus.CORRECT, 1.0))).isTrue();
    }

    @Test
    void shouldTakeNothingMoreOfARolloutWhenItHasSettled() {
        add(rollout("r-1", 0, 2));
        request.settle("r-1/0");

        assertThat(add(rollout("r-1", 0, 2))).isFalse();
        assertThat(add(verdict("r-1", 0, true))).isFalse();
        assertThat(add(refusal("r-1", 0))).isFalse();
        assertThat(add(rollout("r-1", 1, 2))).isTrue();
    }

    @Test
    void shouldTellWhatIsStoredWhenRolloutsArriveAndSettle() {
        add(verdict("r-1", 0, true));
        assertThat(request.arrived()).isEmpty();

        add(rollout("r-1", 1, 3));
        add(rollout("r-1", 0, 3));
        assertThat(request.arrived()).containsExactly("r-1/0", "r-1/1");

        request.settle("r-1/0");
        assertThat(request.arrived()).containsExactly("r-1/1");
        assertThat(request.isSettled("r-1/0")).isTrue();
    }

    @Test
    void shouldBeCompleteWhenAsManyHaveSettledAsTheRequestAsksFor() {
        add(refusal("r-1", 1));
        assertThat(request.isComplete()).isFalse();

        add(rollout("r-1", 0, 2));
        assertThat(request.isComplete()).isFalse();

        request.settle("r-1/0");
        assertThat(request.isComplete()).isTrue();
    }

    @Test
    void shouldLearnHowManySamplesToExpectWhenARolloutIsExpiredBeforeItArrives() {
        add(refusal("r-1", 0));
        assertThat(request.samples()).isZero();

        assertThat(add(rollout("r-1", 0, 2))).isFalse();
        assertThat(request.samples()).isEqualTo(2);
        assertThat(request.arrived()).isEmpty();
    }

    @Test
    void shouldForgetARolloutThatWaitsWhenAnotherRoleExpiresIt() {
        add(rollout("r-1", 0, 2));
        add(verdict("r-1", 0, true));
        add(rollout("r-1", 1, 2));

        assertThat(add(refusal("r-1", 0))).isTrue();

        assertThat(request.arrived()).containsExactly("r-1/1");
        assertThat(request.isComplete()).isFalse();
        assertThat(add(rollout("r-1", 0, 2))).isFalse();
    }

    @Test
    void shouldKeepTheOffsetWhenARolloutArrives() {
        request.add(input(rollout("r-1", 0, 1)), 7L);
        assertThat(requireNonNull(request.find("r-1/0")).offset()).isEqualTo(7);
    }

    @Test
    void shouldKnowTheSameAgainWhenRestored() {
        add(value("r-1", 0.25));
        add(verdict("r-1", 0, true));
        add(verdict("r-1", 1, false));
        add(rollout("r-1", 0, 3));
        add(refusal("r-1", 2));
        add(tokenValues("r-1", 1, 0.5f));
        request.progress(2_000);

        RequestState restored = new RequestState("r-1", request.toEvent());

        assertThat(restored.toEvent()).isEqualTo(request.toEvent());
        assertThat(restored.arrived()).containsExactly("r-1/0");
        assertThat(restored.isSettled("r-1/2")).isTrue();
        assertThat(restored.lastProgress()).isEqualTo(2_000);
        for (SpecificRecord known : List.of(
                value("r-1", 0.5),
                verdict("r-1", 0, true),
                verdict("r-1", 1, true),
                rollout("r-1", 0, 3),
                tokenValues("r-1", 1, 0.25f))) {
            assertThat(restored.add(input(known), null)).as("%s is new", known).isFalse();
        }
    }
}
