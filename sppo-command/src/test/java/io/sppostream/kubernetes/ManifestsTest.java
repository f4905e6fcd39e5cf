package io.sppostream.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sppostream.cli.Invocation;
import io.sppostream.events.access.AccessRole;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.run.Role;
import io.sppostream.run.config.Configuration;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The Kubernetes resources fit the roles, the settings and the catalogues of topics and permissions. */
class ManifestsTest {
    private static final Set<Role> SINGLE = EnumSet.of(Role.FEED, Role.LEARN, Role.CRITIC);
    private static final String[] STRIMZI = {
        "topics",
        "--strimzi",
        "--run=demo",
        "--set=partitions=4",
        "--set=replication.factor=3",
        "--set=kafka.topic.min.insync.replicas=2"
    };

    private final List<JsonNode> base = Manifests.read("base");

    ManifestsTest() throws IOException {}

    private static Map<String, String> texts(JsonNode object) {
        Map<String, String> texts = new HashMap<>();
        object.properties()
                .forEach(field -> texts.put(field.getKey(), field.getValue().asText()));
        return texts;
    }

    private Topics topics() {
        Map<String, String> settings =
                texts(Manifests.named(base, "ConfigMap", "sppo-settings").get("data"));
        return new Topics(
                settings.getOrDefault("SPPO_RUN", ""), Integer.parseInt(settings.getOrDefault("SPPO_PARTITIONS", "")));
    }

    @Test
    void shouldHaveTheTopicsAndUsersOfTheCatalogues() throws IOException {
        Invocation made = Invocation.of(STRIMZI);

        assertThat(made.code()).as(made.err()).isZero();
        assertThat(made.out())
                .as("run ./sppo %s > kubernetes/base/topics-and-users.yaml", String.join(" ", STRIMZI))
                .isEqualTo(Files.readString(Manifests.folder().resolve("base/topics-and-users.yaml")));
    }

    @Test
    void shouldHaveAKafkaTopicForEachTopicAndAKafkaUserForEachRole() {
        assertThat(Manifests.ofKind(base, "KafkaTopic"))
                .hasSize(2 * topics().all().size())
                .allMatch(topic -> topic.at("/apiVersion").asText().equals("kafka.strimzi.io/v1"))
                .allMatch(topic -> topic.at("/spec/replicas").asInt() == 3)
                .allMatch(topic -> topic.at("/spec/config/min.insync.replicas").asInt() == 2);
        assertThat(Manifests.named(base, "KafkaTopic", topics().rollouts().name())
                        .at("/spec/partitions")
                        .asInt())
                .isEqualTo(topics().partitions());
        assertThat(Manifests.ofKind(base, "KafkaUser"))
                .extracting(user -> user.at("/metadata/name").asText())
                .containsExactlyElementsOf(Arrays.stream(AccessRole.values())
                        .map(role -> "sppo-" + role.id())
                        .toList());
    }

    @ParameterizedTest
    @EnumSource
    void shouldHaveADeploymentForEachRole(Role role) {
        JsonNode deployment = Manifests.named(base, "Deployment", "sppo-" + role.command());
        JsonNode pod = deployment.at("/spec/template/spec");
        JsonNode container = pod.at("/containers/0");

        assertThat(container.at("/args/0").asText()).isEqualTo(role.command());
        assertThat(deployment.at("/spec/selector/matchLabels/app.kubernetes.io~1name"))
                .isEqualTo(deployment.at("/spec/template/metadata/labels/app.kubernetes.io~1name"));
        if (SINGLE.contains(role)) {
            assertThat(deployment.at("/spec/replicas").asInt()).isEqualTo(1);
            assertThat(deployment.at("/spec/strategy/type").asText()).isEqualTo("Recreate");
        }
        assertThat(container.at("/livenessProbe/httpGet/path").asText()).isEqualTo("/health/live");
        assertThat(container.at("/readinessProbe/httpGet/path").asText()).isEqualTo("/health/ready");
        assertThat(container.at("/ports/0/containerPort").asText())
                .isEqualTo(Manifests.named(base, "ConfigMap", "sppo-settings")
                        .at("/data/SPPO_METRICS_PORT")
                        .asText());
        assertThat(container.at("/env/0/valueFrom/secretKeyRef/name").asText())
                .as("the secret of the role's own KafkaUser")
                .isEqualTo("sppo-" + role.access().id());
        assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
        assertThat(pod.at("/enableServiceLinks").asBoolean(true)).isFalse();
        assertThat(container.at("/securityContext/readOnlyRootFilesystem").asBoolean())
                .isTrue();
        assertThat(pod.at("/terminationGracePeriodSeconds").asInt()).isGreaterThan(30);
        assertThat(Manifests.named(base, "PodDisruptionBudget", "sppo-" + role.command())
                        .at("/spec/selector/matchLabels/app.kubernetes.io~1name"))
                .isEqualTo(deployment.at("/metadata/labels/app.kubernetes.io~1name"));
    }

    @Test
    void shouldConfigureTheRolesBySettingsThatExist() {
        Map<String, String> environment =
                texts(Manifests.named(base, "ConfigMap", "sppo-settings").get("data"));

        Configuration configuration = Configuration.load(null, environment, Map.of());

        assertThat(configuration.notes()).isEmpty();
        assertThat(configuration.settings().topics()).isEqualTo(topics());
    }

    @Test
    void shouldLetPrometheusReachThePortOfTheMetricsAndNobodyElse() {
        JsonNode ingress = Manifests.named(base, "NetworkPolicy", "sppo-stream").at("/spec/ingress");
        assertThat(ingress).hasSize(1);
        assertThat(ingress.at("/0/ports/0/port").asInt()).isEqualTo(9400);
        String port = Manifests.named(base, "ServiceMonitor", "sppo-stream")
                .at("/spec/endpoints/0/port")
                .asText();
        assertThat(Manifests.named(base, "Service", "sppo-stream")
                        .at("/spec/ports/0/name")
                        .asText())
                .isEqualTo(port);
    }

    @Test
    void shouldScaleByTheLagOfTheRolesGroups() throws IOException {
        List<JsonNode> scaled = Manifests.ofKind(Manifests.read("keda"), "ScaledObject");
        List<String> found = new ArrayList<>();
        for (JsonNode object : scaled) {
            JsonNode trigger = object.at("/spec/triggers/0/metadata");
            found.add(trigger.at("/consumerGroup").asText() + " on "
                    + trigger.at("/topic").asText());
            // A commit marker leaves a lag of one on each partition.
            assertThat(trigger.at("/activationLagThreshold").asInt()).isGreaterThanOrEqualTo(topics().partitions());
            assertThat(object.at("/spec/maxReplicaCount").asInt()).isLessThanOrEqualTo(topics().partitions());
        }
        assertThat(found)
                .containsExactlyInAnyOrder(
                        topics().application(RoleName.ROLLOUT_PRODUCER) + " on "
                                + topics().prompts().name(),
                        topics().application(RoleName.REWARD_VERIFIER) + " on "
                                + topics().rollouts().name(),
                        topics().application(RoleName.ADVANTAGE_STREAM) + " on "
                                + topics().rollouts().name());
    }
}
