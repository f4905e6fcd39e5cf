package io.sppostream.run.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.confluent.kafka.schemaregistry.client.SchemaRegistryClientConfig;
import io.sppostream.events.RequestSampling;
import io.sppostream.feed.FeedSettings;
import io.sppostream.feed.FeedShard;
import io.sppostream.feed.Pacing;
import io.sppostream.feed.data.Dataset;
import io.sppostream.feed.data.Problem;
import io.sppostream.log.UserException;
import io.sppostream.model.ModelConfig;
import io.sppostream.model.ModelSettings;
import io.sppostream.model.ModelSettings.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationTest {
    private static final ModelConfig SMALL = new ModelConfig(32, 16, 1, 1, 1, 48, 64, true, 1e-6, 1e4);
    private static final Map<String, String> FILE_DATASET = Map.of("dataset", "problems.jsonl");

    @TempDir
    private Path directory;

    private Path file(String yaml) throws IOException {
        return Files.writeString(directory.resolve("run.yaml"), yaml);
    }

    private static Configuration load(@Nullable Path file, Map<String, String> environment, Map<String, String> flags) {
        Map<String, String> withRun = new HashMap<>(flags);
        withRun.putIfAbsent("run", "test");
        return Configuration.load(file, environment, withRun);
    }

    private static Configuration flags(Map<String, String> flags) {
        return load(null, Map.of(), flags);
    }

    @Test
    void shouldLetTheLaterWin() throws IOException {
        Path file = file("steps: 3\n");
        Map<String, String> environment = Map.of("SPPO_STEPS", "4", "HOME", "/home/user");

        assertThat(flags(FILE_DATASET).settings().steps()).as("default").isEqualTo(100);
        assertThat(flags(Map.of()).settings().steps()).as("preset").isEqualTo(480);
        assertThat(load(file, Map.of(), Map.of()).settings().steps()).as("file").isEqualTo(3);
        assertThat(load(file, environment, Map.of()).settings().steps())
                .as("environment")
                .isEqualTo(4);
        assertThat(load(file, environment, Map.of("steps", "5")).settings().steps())
                .as("flags")
                .isEqualTo(5);
    }

    @Test
    void shouldTakeThePresetOfTheDatasetThatWins() throws IOException {
        Path file = file("dataset: addition-1\n");
        assertThat(load(file, Map.of(), Map.of()).settings().evaluationPrompts())
                .isEqualTo(100);
        assertThat(load(file, Map.of(), Map.of("dataset", "addition"))
                        .settings()
                        .evaluationPrompts())
                .isEqualTo(1000);
    }

    @Test
    void shouldReadNestedYamlAsDottedNames() throws IOException {
        Configuration configuration = load(file("""
                # a comment
                batch:
                  size: 8
                sampling:
                  max:
                    tokens: 7
                  temperature: 5.0e-1
                warmup.steps: 2
                kafka:
                  security.protocol: SSL
                  ssl:
                    endpoint.identification.algorithm: ""
                """), Map.of(), Map.of());
        assertThat(configuration.settings().batchSize()).isEqualTo(8);
        assertThat(configuration.settings().sampling().maxTokens()).isEqualTo(7);
        assertThat(configuration.settings().sampling().temperature()).isEqualTo(0.5);
        assertThat(configuration.settings().getInt("warmup.steps")).isEqualTo(2);
        assertThat(configuration.kafkaProperties())
                .isEqualTo(Map.of("security.protocol", "SSL", "ssl.endpoint.identification.algorithm", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing but a comment\n", "---\n"})
    void shouldTakeAnEmptyFileAsNoSettings(String yaml) throws IOException {
        assertThat(load(file(yaml), Map.of(), Map.of()).toYaml())
                .isEqualTo(flags(Map.of()).toYaml());
    }

    @Test
    void shouldPassKafkaPropertiesOnWhereverTheyComeFrom() {
        Configuration configuration =
                load(null, Map.of("SPPO_KAFKA_SECURITY_PROTOCOL", "SSL"), Map.of("kafka.linger.ms", "50"));
        assertThat(configuration.kafka("broker:9092", "http://registry").producer())
                .containsEntry("security.protocol", "SSL")
                .containsEntry("linger.ms", "50");
    }

    @ParameterizedTest
    @CsvSource({
        "batchsize, batch.size",
        "batch.sizes, batch.size",
        "step, steps",
        "polcy.learning.rate, policy.learning.rate"
    })
    void shouldSuggestTheNearestWhenASettingIsUnknown(String name, String meant) throws IOException {
        String where = file(name + ": 1\n").toString();
        assertThatThrownBy(() -> load(Path.of(where), Map.of(), Map.of()))
                .isInstanceOf(UserException.class)
                .hasMessage("there is no setting '%s' (in %s); did you mean '%s'?", name, where, meant);
        assertThatThrownBy(() -> flags(Map.of(name, "1")))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("'" + name + "' (on the command line)")
                .hasMessageContaining("'" + meant + "'");
    }

    @Test
    void shouldSayWhenTheEnvironmentHasAnUnknownSetting() {
        assertThatThrownBy(() -> load(null, Map.of("SPPO_BATCH_SIZES", "1"), Map.of()))
                .isInstanceOf(UserException.class)
                .hasMessage("there is no setting 'batch.sizes' (in the environment); did you mean 'batch.size'?");
    }

    @ParameterizedTest
    @CsvSource({
        "lag, 33, Value must be no more than 32",
        "lag, -1, Value must be at least 0",
        "steps, 0, Value must be at least 1",
        "steps, many, Not a number",
        "clip, 1, must be between 0 and 1",
        "broker.port, 70000, Value must be no more than 65535",
        "sampling.temperature, 0, Value must be at least 0.01",
        "rollout.device, tpu, Unknown device 'tpu': use cpu",
        "precision, fp8, 'String must be one of: auto, fp32, bf16'",
        "training.gradient.checkpointing, true, 'String must be one of: auto, on, off'"
    })
    void shouldNameSettingValueAndBoundsWhenAValueIsOutOfRange(String name, String value, String bounds) {
        assertThatThrownBy(() -> flags(Map.of(name, value)))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("configuration: Invalid value " + value)
                .hasMessageContaining(" " + name + ": ")
                .hasMessageContaining(bounds)
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
    }

    @Test
    void shouldSayWhereWhenAFileCanNotBeUsed() throws IOException {
        Path missing = directory.resolve("missing.yaml");
        assertThatThrownBy(() -> load(missing, Map.of(), Map.of()))
                .isInstanceOf(UserException.class)
                .hasMessage("configuration file " + missing + " can't be read: there is no such file");
        Path broken = file("steps: 3\nbatch: [1\n");
        assertThatThrownBy(() -> load(broken, Map.of(), Map.of()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining(broken.toString())
                .hasMessageContaining("line 2")
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
        Path list = file("- steps\n");
        assertThatThrownBy(() -> load(list, Map.of(), Map.of()))
                .isInstanceOf(UserException.class)
                .hasMessageContaining("is not a YAML map of settings");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ssl.keystore.password",
                "ssl.key.password",
                "ssl.keystore.key",
                "sasl.jaas.config",
                "basic.auth.user.info",
                "bearer.auth.token",
                "sasl.oauthbearer.client.credentials.client.secret"
            })
    void shouldRedactSecrets(String property) {
        Configuration configuration = flags(Map.of("kafka." + property, "hunter2"));

        assertThat(configuration.toYaml()).doesNotContain("hunter2").contains("kafka." + property + ": \"[hidden]\"");
        assertThat(configuration.kafkaProperties()).containsEntry(property, "hunter2");
        assertThat(configuration.sha256())
                .isEqualTo(flags(Map.of("kafka." + property, "other")).sha256());
    }

    @Test
    void shouldShowSettingsThatAreNotSecret() {
        assertThat(flags(Map.of("kafka.security.protocol", "SASL_SSL")).toYaml())
                .contains("kafka.security.protocol: \"SASL_SSL\"")
                .contains("sampling.max.tokens: 4");
    }

    /** The recorded configuration of a run is enough to start it again. */
    @Test
    void shouldBeTheSameWhenReadFromItsOwnYaml() throws IOException {
        Configuration configuration =
                flags(Map.of("seed", "-7", "clip", "0.125", "critic.learning.rate", "3e-7", "kafka.linger.ms", "50"));
        Configuration again = Configuration.load(file(configuration.toYaml()), Map.of(), Map.of());

        assertThat(again.toYaml()).isEqualTo(configuration.toYaml());
        assertThat(again.sha256()).isEqualTo(configuration.sha256()).matches("[0-9a-f]{64}");
        assertThat(again.settings().seed()).isEqualTo(-7);
        assertThat(again.settings().policyUpdate().loss().clip()).isEqualTo(0.125);
    }

    @Test
    void shouldHashDifferentlyWhenASettingDiffers() {
        assertThat(flags(Map.of("seed", "1")).sha256())
                .isEqualTo(flags(Map.of()).sha256());
        assertThat(flags(Map.of("seed", "2")).sha256())
                .isNotEqualTo(flags(Map.of()).sha256());
        assertThat(flags(Map.of("kafka.linger.ms", "2")).sha256())
                .isNotEqualTo(flags(Map.of()).sha256());
    }

    @ParameterizedTest
    @CsvSource({"policy.gradient.norm, policy.max.gradient.norm", "critic.gradient.norm, critic.max.gradient.norm"})
    void shouldUnderstandTheFormerNameOfASettingWhereverItComesFrom(String former, String name) throws IOException {
        String variable = "SPPO_" + former.toUpperCase(Locale.ROOT).replace('.', '_');
        Path file = file(former + ": 0.25\n");

        assertThat(load(file, Map.of(), Map.of()))
                .satisfies(it -> assertThat(it.effective()).containsEntry(name, 0.25))
                .satisfies(it -> assertThat(it.notes())
                        .containsExactly("setting '" + former + "' (in " + file + ") is now called '" + name
                                + "'; use the new name"));
        assertThat(load(null, Map.of(variable, "0.25"), Map.of()).effective()).containsEntry(name, 0.25);
        assertThat(flags(Map.of(former, "0.25")).sha256())
                .isEqualTo(flags(Map.of(name, "0.25")).sha256());
        assertThat(load(file, Map.of(), Map.of(name, "0.75")).effective())
                .as("a later source by the current name wins")
                .containsEntry(name, 0.75);
        assertThat(flags(Map.of(name, "0.25")).notes()).isEmpty();
        assertThatThrownBy(() -> flags(Map.of(former, "0.25", name, "0.25")))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "'%s' is the former name of '%s', and both are given (on the command line):"
                                + " remove the former",
                        former, name);
    }

    /** What a version before the renaming has recorded on the log. */
    private static String recordedByFormerNames(Configuration configuration) {
        String yaml = configuration
                .toYaml()
                .replace("policy.max.gradient.norm", "policy.gradient.norm")
                .replace("critic.max.gradient.norm", "critic.gradient.norm")
                .replaceAll("(?m)^dataset.others.*\n", "");
        assertThat(yaml).contains("\npolicy.gradient.norm: 0.5\n", "\ncritic.gradient.norm: 1.0\n");
        return yaml;
    }

    @Test
    void shouldResumeAuditAndReplayARunThatHasRecordedFormerNames() {
        Configuration now = begun(Map.of());
        String recorded = recordedByFormerNames(now);

        assertThat(now.differencesInTraining(recorded)).as("resume").isEmpty();
        assertThat(begun(Map.of("policy.max.gradient.norm", "2")).differencesInTraining(recorded))
                .containsExactly("policy.max.gradient.norm: 0.5 -> 2.0");
        Configuration audited = Configuration.recorded(recorded, Map.of(), Map.of());
        assertThat(audited.settings().policyOptimizer())
                .isEqualTo(now.settings().policyOptimizer());
        assertThat(audited.settings().policyOptimizer().maxGradientNorm()).isEqualTo(0.5);
        assertThat(audited.differencesInTraining(recorded)).isEmpty();
        assertThat(audited.notes()).isEmpty();
        Configuration replayed = Configuration.recorded(recorded, Map.of("critic.gradient.norm", "3"), Map.of());
        assertThat(replayed.settings().criticOptimizer().maxGradientNorm()).isEqualTo(3);
        assertThat(replayed.notes()).singleElement().asString().contains("(on the command line)");
    }

    @ParameterizedTest
    @CsvSource({
        "secrity.protocol, security.protocol",
        "consumer.fetch.mim.bytes, consumer.fetch.min.bytes",
        "main.consumer.fetch.mim.bytes, main.consumer.fetch.min.bytes",
        "sasl.jaas.confg, sasl.jaas.config",
        "basic.auth.user.inf, basic.auth.user.info"
    })
    void shouldRefuseAKafkaPropertyThatNoClientHas(String property, String meant) {
        assertThatThrownBy(() -> flags(Map.of("kafka." + property, "1")))
                .isInstanceOf(UserException.class)
                .hasMessage(
                        "no Kafka or registry client has a property '%s' (kafka.%s, on the command line);"
                                + " did you mean 'kafka.%s'?",
                        property, property, meant);
    }

    @Test
    void shouldPassOnAPropertyOfTheUsersOwnClasses() {
        assertThatThrownBy(() -> flags(Map.of("kafka.acme.audit.topic", "audit")))
                .isInstanceOf(UserException.class)
                .hasMessage("no Kafka or registry client has a property 'acme.audit.topic' (kafka.acme.audit.topic, on"
                        + " the command line); a property of a class of your own is given as"
                        + " kafka.custom.acme.audit.topic");

        Configuration configuration = flags(Map.of("kafka.custom.acme.audit.topic", "audit"));
        assertThat(configuration.kafka("broker:9092", "http://registry").producer())
                .containsEntry("acme.audit.topic", "audit");
        assertThat(configuration.toYaml()).contains("kafka.custom.acme.audit.topic: \"audit\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "security.protocol",
                "sasl.mechanism",
                "sasl.jaas.config",
                "ssl.truststore.location",
                "transaction.timeout.ms",
                "fetch.max.wait.ms",
                "compression.type",
                "num.standby.replicas",
                "producer.linger.ms",
                "admin.retries",
                "main.consumer.max.poll.records",
                "topic.segment.bytes",
                "schema.registry.url",
                "schema.registry.ssl.truststore.location",
                "schema.registry.basic.auth.user.info",
                "basic.auth.credentials.source",
                "bearer.auth.token",
                "auto.register.schemas",
                "interceptor.classes"
            })
    void shouldAcceptWhatAClientDefines(String property) {
        assertThat(flags(Map.of("kafka." + property, "1")).kafkaProperties()).containsEntry(property, "1");
    }

    @ParameterizedTest
    @CsvSource({
        "isolation.level, read_uncommitted, only 'read_committed'",
        "main.consumer.isolation.level, read_uncommitted, only 'read_committed'",
        "enable.auto.commit, true, only 'false'",
        "transactional.id, mine, can't be set",
        "producer.transactional.id, mine, can't be set",
        "group.instance.id, mine, can't be set",
        "topic.cleanup.policy, compact, can't be set",
        "enable.idempotence, false, only 'true'",
        "acks, 1, only 'all'",
        "producer.acks, 0, only 'all'",
        "custom.acks, 1, only 'all'",
        "processing.guarantee, at_least_once, only 'exactly_once_v2'",
        "group.protocol, consumer, only 'classic'",
        "group.protocol, streams, only 'classic'"
    })
    void shouldRefuseAPropertyThatWouldBreakTheRulesOfTheLog(String property, String value, String meant) {
        assertThatThrownBy(() -> flags(Map.of("kafka." + property, value)))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith("kafka." + property + " (on the command line) can't be ")
                .hasMessageContaining(meant)
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @CsvSource({"acks, all", "acks, -1", "isolation.level, read_committed", "group.protocol, CLASSIC"})
    void shouldAcceptAPropertyWithTheValueThatTheRolesSet(String property, String value) {
        assertThat(flags(Map.of("kafka." + property, value)).kafkaProperties()).containsEntry(property, value);
    }

    @Test
    void shouldIgnoreServiceLinksOfKubernetes() {
        Map<String, String> links = new HashMap<>(Map.of(
                "SPPO_REGISTRY_PORT", "tcp://10.96.0.7:8081",
                "SPPO_REGISTRY_SERVICE_HOST", "10.96.0.7",
                "SPPO_REGISTRY_SERVICE_PORT", "8081",
                "SPPO_REGISTRY_SERVICE_PORT_HTTP", "8081",
                "SPPO_REGISTRY_PORT_8081_TCP", "tcp://10.96.0.7:8081",
                "SPPO_REGISTRY_PORT_8081_TCP_PROTO", "tcp",
                "SPPO_REGISTRY_PORT_8081_TCP_PORT", "8081",
                "SPPO_REGISTRY_PORT_8081_TCP_ADDR", "10.96.0.7",
                "SPPO_PORT", "tcp://10.96.0.8:80",
                "SPPO_STEPS", "4"));

        Configuration configuration = load(null, links, Map.of());

        assertThat(configuration.settings().registryPort()).isZero();
        assertThat(configuration.settings().steps()).isEqualTo(4);
        assertThat(configuration.notes())
                .hasSize(2)
                .anySatisfy(note -> assertThat(note).startsWith("SPPO_REGISTRY_PORT=tcp://10.96.0.7:8081 "));
        links.put("SPPO_REGISTRY_PORT", "8081");
        assertThat(load(null, links, Map.of()).settings().registryPort()).isEqualTo(8081);
    }

    /** The client reads these without a definition of their names. */
    @Test
    void shouldAcceptAllPropertiesOfTheRegistryClient() {
        assertThat(SchemaRegistryClientConfig.class.getFields())
                .filteredOn(field -> field.getType() == String.class)
                .filteredOn(field -> !field.getName().matches("CLIENT_NAMESPACE|SSL_PREFIX|.*_DEFAULT"))
                .hasSizeGreaterThan(20)
                .allSatisfy(field -> KafkaProperties.require(String.valueOf(field.get(null)), "here"));
    }

    @Test
    void shouldRefuseTheVerifierOfADatasetThatDoesNotExist() {
        assertThatThrownBy(() -> Datasets.requireKnown(
                        flags(Map.of("verifier.addtion", "math")).settings()))
                .isInstanceOf(UserException.class)
                .hasMessage("verifier.addtion: there is no dataset 'addtion' (there are addition, addition-1,"
                        + " arithmetic, ledger, knights-and-knaves, knights-and-knaves-text;"
                        + " dataset.others adds names); did you mean 'addition'?");
        assertThatThrownBy(() ->
                        Datasets.requireKnown(flags(Map.of("verifier.essays", "math", "dataset", "data/gsm8k.jsonl"))
                                .settings()))
                .isInstanceOf(UserException.class)
                .hasMessage("verifier.essays: there is no dataset 'essays' (there are addition, addition-1,"
                        + " arithmetic, ledger, knights-and-knaves, knights-and-knaves-text, gsm8k;"
                        + " dataset.others adds names)");
    }

    @Test
    void shouldFeedAllShardsUnlessOneIsNamed() {
        Set<String> apart = Set.of("proofs", "essays");
        Map<String, String> sharded = Map.of("feed.shards", "proofs, essays");
        assertThat(flags(Map.of()).settings().feedShards()).containsExactly(FeedShard.ALL);
        assertThat(flags(sharded).settings().feedShards())
                .containsExactly(
                        new FeedShard(null, apart, false),
                        new FeedShard("essays", apart, true),
                        new FeedShard("proofs", apart, true));
        assertThat(flags(Map.of("feed.shards", "proofs, essays", "feed.shard", "proofs"))
                        .settings()
                        .feedShards())
                .containsExactly(new FeedShard("proofs", apart, false));
    }

    @Test
    void shouldRefuseAShardThatTheRunOrTheDatasetDoesNotHave() {
        assertThatThrownBy(() -> flags(Map.of("feed.shards", "proofs", "feed.shard", "essays"))
                        .settings()
                        .feedShards())
                .isInstanceOf(UserException.class)
                .hasMessage("feed.shard = essays: feed.shards names proofs");
        Problem problem = new Problem("1", List.of(), "", "", "", "proofs");
        assertThatThrownBy(() -> Datasets.requireShards(
                        flags(Map.of("feed.shards", "proof")).settings(),
                        new Dataset("both", List.of(problem), List.of())))
                .isInstanceOf(UserException.class)
                .hasMessage("feed.shards: no training problem is of a dataset 'proof' (there are proofs); did you mean"
                        + " 'proofs'?");
    }

    @Test
    void shouldKnowBuiltInDatasetsTheConfiguredOneAndOthers() {
        Map<String, String> flags = Map.of(
                "dataset", "data/gsm8k.jsonl",
                "dataset.others", "essays, proofs",
                "verifier.gsm8k", "math:gsm8k",
                "verifier.addition-1", "exact",
                "verifier.proofs", "exact",
                "verifier.essays", "exact");
        assertThatCode(() -> Datasets.requireKnown(flags(flags).settings())).doesNotThrowAnyException();
    }

    @Test
    void shouldTakeAShippedPresetByItsNameInPlaceOfAFile() {
        Configuration configuration =
                load(Path.of("presets/smollm2-arithmetic"), Map.of(), Map.of("model", "smollm2", "steps", "3"));

        assertThat(configuration.preset()).isEqualTo("smollm2-arithmetic");
        assertThat(configuration.settings().dataset()).isEqualTo("arithmetic");
        assertThat(configuration.settings().sampling().maxTokens())
                .as("of the dataset's preset")
                .isEqualTo(24);
        assertThat(configuration.settings().criticLayers()).isEqualTo(6);
        assertThat(configuration.changed()).isEqualTo(Map.of("model", "smollm2", "steps", 3));
        assertThat(load(Path.of("presets/ledger"), Map.of(), Map.of())
                        .settings()
                        .dataset())
                .isEqualTo("ledger");
    }

    @Test
    void shouldNameThePresetsWhenAnotherIsChosen() {
        assertThatThrownBy(() -> load(Path.of("presets/smollm-arithmetic"), Map.of(), Map.of()))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(
                        "there is no preset 'smollm-arithmetic', and no file presets/smollm-arithmetic; the presets are"
                                + " presets/addition, ")
                .hasMessageEndingWith("; did you mean 'smollm2-arithmetic'?");
    }

    @Test
    void shouldKeepAllLayersOfACriticsCheckpointAndTwoOfARandomOneUnlessSet() {
        assertThat(flags(Map.of()).settings().criticLayers()).isEqualTo(2);
        assertThat(flags(Map.of("critic.model", "policy")).settings().criticLayers())
                .isEqualTo(0);
        assertThat(flags(Map.of("critic.layers", "4")).settings().criticLayers())
                .isEqualTo(4);
        assertThat(flags(Map.of()).changed()).isEmpty();
    }

    @Test
    void shouldStartTheCriticFromTheModelWhenItIsTheUsersOwn() {
        Map<String, String> own = Map.of("model", "qwen", "dataset", "problems.jsonl");

        assertThat(flags(own).settings().hasCriticOfPolicy()).isTrue();
        assertThat(flags(own).settings().criticLayers()).as("all of its layers").isEqualTo(0);
        assertThat(flags(Map.of("model", "qwen")).settings().hasRandomCritic())
                .as("the preset of a shipped dataset gives the size of a random one")
                .isTrue();
        assertThat(flags(FILE_DATASET).settings().hasRandomCritic())
                .as("no model")
                .isTrue();
        for (Map<String, String> given : List.of(
                Map.of("critic.model", "random"), Map.of("critic.model", ""), Map.of("critic.hidden.size", "32"))) {
            Map<String, String> flags = new HashMap<>(own);
            flags.putAll(given);
            assertThat(flags(flags).settings().hasRandomCritic())
                    .as("%s", given)
                    .isTrue();
            assertThat(flags(flags).settings().criticLayers()).isEqualTo(2);
        }
        assertThat(flags(Map.of("model", "qwen", "dataset", "problems.jsonl", "estimator", "grpo"))
                        .settings()
                        .hasCriticOfPolicy())
                .as("an estimator without a critic")
                .isFalse();
    }

    @Test
    void shouldKeepTheRandomCriticOfARecordedRun() {
        Configuration recorded = Configuration.recorded("model: qwen\ncritic.model: ''\nrun: r", Map.of(), Map.of());

        assertThat(recorded.settings().hasRandomCritic()).isTrue();
    }

    @Test
    void shouldLetARoleWithoutAModelJoinARunOfTheUsersOwnModel() {
        Configuration withModel = flags(Map.of("model", "qwen", "dataset", "problems.jsonl"));

        assertThat(flags(FILE_DATASET).differencesInTraining(withModel.toYaml()))
                .isEmpty();
        assertThat(flags(Map.of("model", "qwen", "dataset", "problems.jsonl", "critic.layers", "2"))
                        .differencesInTraining(withModel.toYaml()))
                .containsExactly("critic.layers: 0 -> 2");
    }

    @Test
    void shouldWriteTheCommandThatTrainsOtherwise() {
        assertThat(flags(Map.of("dataset", "problems.jsonl", "model", "my model", "steps", "3", "run", "first"))
                        .trainCommand(Map.of("verifier", "math:gsm8k")))
                .isEqualTo("./sppo train --set critic.model=policy --set dataset=problems.jsonl --set"
                        + " 'model=my model' --set steps=3 --set verifier=math:gsm8k");
        assertThat(load(
                                Path.of("presets/gsm8k-lora"),
                                Map.of(),
                                Map.of("kafka.ssl.key.password", "hunter2", "dataset", "mine.jsonl"))
                        .trainCommand(Map.of()))
                .isEqualTo("./sppo train --config presets/gsm8k-lora --set dataset=mine.jsonl");
        assertThat(flags(Map.of("dataset", "ledger")).trainCommand(Map.of()))
                .isEqualTo("./sppo train --set dataset=ledger");
    }

    @Test
    void shouldTellWhatDiffersFromDefaultsAndPreset() {
        assertThat(flags(Map.of("batch.size", "512", "clip", "0.2")).changed())
                .as("as the preset and the default have it")
                .isEmpty();
        Configuration configuration = flags(Map.of(
                "lag", "1", "batch.size", "256", "kafka.ssl.key.password", "hunter2", "verifier.addition", "math"));
        assertThat(configuration.preset()).isEqualTo("addition");
        assertThat(configuration.changed())
                .isEqualTo(Map.of(
                        "batch.size",
                        256,
                        "kafka.ssl.key.password",
                        "[hidden]",
                        "lag",
                        1,
                        "verifier.addition",
                        "math"));
        assertThat(flags(FILE_DATASET).preset()).isEmpty();
        assertThat(flags(FILE_DATASET).changed()).isEmpty();
    }

    @Test
    void shouldPaceByStepsBatchAndLag() {
        RunSettings settings =
                flags(Map.of("steps", "10", "batch.size", "8", "lag", "0")).settings();
        assertThat(settings.pacing().groups()).isEqualTo(80);
        assertThat(settings.pacing().allowance(0, new Pacing.Counts(0, 0, 0, 0)))
                .isEqualTo(8);
    }

    @Test
    void shouldLimitFirstSamplesAsTheEstimatorAsks() {
        Map<String, String> flags = Map.of("estimator", "spo-tree", "estimator.max.tokens", "30", "batch.size", "12");
        assertThat(flags(flags).settings().feed().sampling()).isEqualTo(new RequestSampling(false, 30));
        assertThat(flags(Map.of("estimator", "remax")).settings().feed().sampling())
                .isNull();
    }

    @Test
    void shouldPaceAndTrainInGroupsOfTheEstimator() {
        RunSettings settings = flags(Map.of(
                        "estimator", "grpo", "estimator.samples", "4", "steps", "10", "batch.size", "8", "lag", "0"))
                .settings();
        assertThat(settings.feed()).isEqualTo(new FeedSettings(settings.seed(), 4, null, false, new Pacing(0, 2, 20)));
        assertThat(settings.policyLearner(SMALL, "").step().groups()).isEqualTo(2);
        assertThat(settings.join().estimator().needs().samples()).isEqualTo(4);
    }

    @Test
    void shouldTakeTheLargestBatchOfWholeGroupsWhenNoneIsGiven() {
        assertThat(flags(Map.of("estimator", "rloo")).settings().batchSize()).isEqualTo(510);
        assertThat(flags(Map.of("estimator", "rloo")).changed())
                .containsEntry("batch.size", 510)
                .containsEntry("estimator", "rloo");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "estimator=grop | there is no estimator 'grop'; there are: sppo,",
                "estimator=grpo, estimator.samples=1"
                        + " | estimator 'grpo': samples = 1: not a valid int; valid are: from 2 to 1024",
                "estimator=grpo, estimator.sample=4"
                        + " | estimator 'grpo': there is no setting sample; there are: samples, normalize, mask, threshold",
                "estimator=rloo, batch.size=512 | batch.size = 512: a step trains whole groups, and rloo samples 5"
                        + " rollouts per prompt (estimator.samples); the next multiples are 510 and 515"
            })
    void shouldSayWhatIsWrongWithAnEstimator(String given, String message) {
        Map<String, String> settings = new HashMap<>();
        for (String each : given.split(", ", -1)) {
            int equals = each.indexOf('=');
            settings.put(each.substring(0, equals), each.substring(equals + 1));
        }
        assertThatThrownBy(() -> flags(settings))
                .isInstanceOf(UserException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void shouldSayThatAWarmUpOfTheCriticLeavesNoStepForThePolicy() {
        assertThat(flags(Map.of("estimator", "ppo", "steps", "50")).notes())
                .containsExactly(
                        "the policy is not trained: estimator.critic.warmup.steps = 50, and the run has 50 steps");
        assertThat(flags(Map.of("estimator", "ppo", "steps", "51")).notes()).isEmpty();
    }

    @Test
    void shouldNameTheSettingsARunCannotBeResumedWith() {
        String begun = begun(Map.of("seed", "1", "steps", "10", "weights.snapshot.interval", "5"))
                .toYaml();

        assertThat(begun(Map.of("steps", "20", "weights.snapshot.interval", "7", "data.dir", "elsewhere"))
                        .differencesInTraining(begun))
                .isEmpty();
        assertThat(begun(Map.of("seed", "2", "lag", "1")).differencesInTraining(begun))
                .containsExactly("lag: 0 -> 1", "seed: 1 -> 2");
        assertThat(begun(Map.of()).differencesInTraining(begun.replaceAll("(?m)^dual.clip.*$", "")))
                .as("a setting that was not recorded was at its default")
                .isEmpty();
    }

    @Test
    void shouldResumeOnOtherHardwareAndSayThatBitsMayDiffer() {
        String begun = begun(Map.of()).toYaml();
        Configuration moved = begun(Map.of(
                "device", "gpu",
                "critic.device", "cpu",
                "precision", "bf16",
                "training.micro.batch.tokens", "512",
                "training.gradient.checkpointing", "on",
                "join.patience.seconds", "9"));

        assertThat(moved.differencesInTraining(begun)).isEmpty();
        assertThat(moved.numericDifferences(begun))
                .containsExactly(
                        "critic.device:  -> cpu",
                        "device: cpu -> gpu",
                        "precision: fp32 -> bf16",
                        "training.gradient.checkpointing: auto -> on",
                        "training.micro.batch.tokens: 1280 -> 512");
        assertThat(Configuration.recorded(moved.toYaml(), begun(Map.of()).numericSettings(), Map.of())
                        .numericDifferences(begun))
                .isEmpty();
    }

    @Test
    void shouldPlaceEachModelOnItsDeviceOrTheOneOfAll() {
        RunSettings settings = flags(Map.of("device", "gpu:1", "rollout.device", "gpu", "precision", "auto"))
                .settings();

        assertThat(settings.policyPlacement()).isEqualTo(new ModelSettings("gpu:1", Precision.AUTO));
        assertThat(settings.criticPlacement()).isEqualTo(new ModelSettings("gpu:1", Precision.AUTO));
        assertThat(settings.rolloutPlacement()).isEqualTo(new ModelSettings("gpu", Precision.AUTO));
        assertThat(settings.rolloutPlacement().describe(SMALL))
                .isEqualTo("fp32 on gpu, since a model of this size gains nothing from bf16");
        assertThat(flags(Map.of("precision", "bf16"))
                        .settings()
                        .policyPlacement()
                        .describe(SMALL))
                .isEqualTo("bf16 on cpu");
    }

    @Test
    void shouldCheckpointGradientsAsSaidOrByTheSizeOfTheModel() {
        ModelConfig large = new ModelConfig(151_936, 896, 24, 14, 2, 4_864, 32_768, true, 1e-6, 1e6);

        assertThat(flags(Map.of()).settings().training(SMALL).gradientCheckpointing())
                .isFalse();
        assertThat(flags(Map.of()).settings().training(large).gradientCheckpointing())
                .isTrue();
        assertThat(flags(Map.of("training.gradient.checkpointing", "off"))
                        .settings()
                        .training(large)
                        .gradientCheckpointing())
                .isFalse();
        assertThat(flags(Map.of("training.gradient.checkpointing", "on"))
                        .settings()
                        .training(SMALL)
                        .gradientCheckpointing())
                .isTrue();
    }

    private static Configuration begun(Map<String, String> flags) {
        Map<String, String> all = new HashMap<>(flags);
        all.put("run", "r");
        return Configuration.load(null, Map.of(), all);
    }
}
