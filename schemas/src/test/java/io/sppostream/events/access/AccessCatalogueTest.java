package io.sppostream.events.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.sppostream.events.access.Grant.Kind;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AccessCatalogueTest {
    private static final Topics TOPICS = new Topics("run", 2);

    /** All operations of a role on a topic. */
    private static Set<Operation> on(String topic, AccessRole role) {
        Set<Operation> all = EnumSet.noneOf(Operation.class);
        AccessCatalogue.of(role, TOPICS).stream()
                .filter(grant -> grant.covers(Kind.TOPIC, topic))
                .forEach(grant -> all.addAll(grant.operations()));
        return all;
    }

    private static Set<AccessRole> writers(Topic<?> topic) {
        return Arrays.stream(AccessRole.values())
                .filter(role -> role != AccessRole.OPERATOR)
                .filter(role -> on(topic.name(), role).contains(Operation.WRITE))
                .collect(Collectors.toSet());
    }

    @Test
    void shouldLetOnlyTheWriterOfTheTopicCatalogueWrite() {
        assertThat(writers(TOPICS.rollouts())).containsExactly(AccessRole.ROLLOUT_PRODUCER);
        assertThat(writers(TOPICS.verdicts()))
                .containsExactlyInAnyOrder(AccessRole.REWARD_VERIFIER, AccessRole.VERIFIER_PLUGIN);
        assertThat(writers(TOPICS.values())).containsExactlyInAnyOrder(AccessRole.CRITIC, AccessRole.CRITIC_SCORER);
        assertThat(writers(TOPICS.advantages())).containsExactly(AccessRole.ADVANTAGE_STREAM);
        assertThat(writers(TOPICS.trainingSteps()))
                .containsExactlyInAnyOrder(AccessRole.POLICY_LEARNER, AccessRole.CRITIC);
        assertThat(writers(TOPICS.learnerStates())).containsExactly(AccessRole.POLICY_LEARNER);
        assertThat(writers(TOPICS.evaluations())).isEmpty();
        Stream.of(TOPICS.versions(ModelKind.POLICY), TOPICS.weights(ModelKind.POLICY))
                .forEach(topic -> assertThat(writers(topic)).containsExactly(AccessRole.POLICY_LEARNER));
        Stream.of(TOPICS.versions(ModelKind.CRITIC), TOPICS.weights(ModelKind.CRITIC))
                .forEach(topic -> assertThat(writers(topic)).containsExactly(AccessRole.CRITIC));
    }

    @Test
    void shouldShowAPluginNothingButRollouts() {
        assertThat(TOPICS.all())
                .filteredOn(
                        topic -> on(topic.name(), AccessRole.VERIFIER_PLUGIN).contains(Operation.READ))
                .extracting(Topic::name)
                .containsExactly("run.rollouts.v1");
    }

    @ParameterizedTest
    @EnumSource
    void shouldStayInTheNamespace(AccessRole role) {
        assertThat(AccessCatalogue.of(role, TOPICS))
                .isNotEmpty()
                .allMatch(grant -> grant.name().startsWith("run."))
                .filteredOn(grant -> grant.kind() == Kind.TOPIC && !grant.isPrefix())
                .allMatch(grant -> TOPICS.all().stream()
                        .anyMatch(topic -> grant.name().equals(topic.name())
                                || grant.name().equals(topic.deadLetters())));
    }

    @ParameterizedTest
    @EnumSource
    void shouldNotLetRolesReadDeadLetters(AccessRole role) {
        if (role != AccessRole.OPERATOR && role != AccessRole.READER) {
            assertThat(TOPICS.all())
                    .noneMatch(topic -> on(topic.deadLetters(), role).contains(Operation.READ));
        }
    }
}
