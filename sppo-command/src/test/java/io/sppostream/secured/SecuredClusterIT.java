package io.sppostream.secured;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sppostream.cli.Invocation;
import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.embedded.SecuredListener;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.access.AccessCatalogue;
import io.sppostream.events.access.AccessRole;
import io.sppostream.events.access.Grant.Kind;
import io.sppostream.events.access.Operation;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.run.Role;
import io.sppostream.run.Service;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.report.Screen;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialAlteration;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs on a broker with TLS, SCRAM, tokens and an authorizer, and a registry with TLS. Each role is a user of its own with
 * the permissions of the access catalogue, and is refused everything else.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(OrderAnnotation.class)
class SecuredClusterIT {
    private static final String RUN = "secured";
    private static final int STEPS = 3;
    private static final Topics TOPICS = new Topics(RUN, 2);
    private static final String ALLOWED_URLS = "org.apache.kafka.sasl.oauthbearer.allowed.urls";

    private Path directory = Path.of("");
    private TokenIssuer issuer;
    private EmbeddedCluster cluster;
    private final Map<AccessRole, Path> properties = new EnumMap<>(AccessRole.class);
    private final Map<AccessRole, Path> tokenProperties = new EnumMap<>(AccessRole.class);

    @BeforeAll
    void start(@TempDir Path temporary) throws Exception {
        directory = temporary;
        Certificates.make(directory);
        issuer = new TokenIssuer(Stream.of(AccessRole.values())
                .collect(Collectors.toMap(SecuredClusterIT::user, SecuredClusterIT::password)));
        System.setProperty(ALLOWED_URLS, issuer.url());
        cluster = EmbeddedCluster.start(new EmbeddedSettings(
                directory.resolve("cluster"),
                0,
                0,
                new SecuredListener(
                        0,
                        directory.resolve("keys.p12"),
                        directory.resolve("trust.p12"),
                        Certificates.PASSWORD,
                        issuer.writeKeys(directory.resolve("jwks.json")))));
        List<UserScramCredentialAlteration> users = new ArrayList<>();
        for (AccessRole role : AccessRole.values()) {
            users.add(new UserScramCredentialUpsertion(
                    user(role), new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), password(role)));
            properties.put(role, write(role.id(), kafka(role)));
            tokenProperties.put(role, write(role.id() + "-token", withToken(kafka(role), user(role), password(role))));
        }
        try (Admin admin = Admin.create(cluster.kafka().admin())) {
            admin.alterUserScramCredentials(users).all().get();
        }
    }

    @AfterAll
    void stop() {
        cluster.close();
        issuer.close();
        System.clearProperty(ALLOWED_URLS);
    }

    private static String user(AccessRole role) {
        return "sppo-" + role.id();
    }

    private static String password(AccessRole role) {
        return "password of " + role.id();
    }

    /** The connection of a role. Operators have the credentials of the registry too, which others only read. */
    private KafkaSettings kafka(AccessRole role) {
        KafkaSettings kafka = cluster.kafka(user(role), password(role));
        if (role != AccessRole.OPERATOR) {
            return kafka.with("auto.register.schemas", "false");
        }
        for (String credentials : List.of("basic.auth.credentials.source", "basic.auth.user.info")) {
            kafka = kafka.with(
                    credentials,
                    Objects.requireNonNull(cluster.kafka().properties().get(credentials)));
        }
        return kafka;
    }

    /** The same connection by a token, which Kafka's client gets from the issuer. */
    private KafkaSettings withToken(KafkaSettings kafka, String client, String secret) {
        return kafka.with("sasl.mechanism", "OAUTHBEARER")
                .with(
                        "sasl.jaas.config",
                        "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;")
                .with(
                        "sasl.login.callback.handler.class",
                        "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler")
                .with("sasl.oauthbearer.token.endpoint.url", issuer.url())
                .with("sasl.oauthbearer.client.credentials.client.id", client)
                .with("sasl.oauthbearer.client.credentials.client.secret", secret);
    }

    private Path write(String name, KafkaSettings kafka) throws IOException {
        Properties file = new Properties();
        file.putAll(kafka.properties());
        file.setProperty("bootstrap.servers", kafka.bootstrapServers());
        file.setProperty("schema.registry.url", kafka.schemaRegistryUrl());
        Path path = directory.resolve(name + ".properties");
        try (Writer out = Files.newBufferedWriter(path)) {
            file.store(out, null);
        }
        return path;
    }

    private String propertiesOf(AccessRole role) {
        return "--client-properties=" + properties.get(role);
    }

    private Invocation invoke(AccessRole as, String... arguments) {
        return invokeOn(RUN, as, arguments);
    }

    private Invocation invokeOn(String run, AccessRole as, String... arguments) {
        List<String> command = new ArrayList<>(List.of(arguments));
        command.add("--run=" + run);
        command.add(propertiesOf(as));
        command.add("--data-dir=" + directory.resolve("data-" + as.id()));
        return Invocation.of(command.toArray(String[]::new));
    }

    @Test
    @Order(1)
    void shouldExplainADenialBeforeAnythingIsGranted() {
        invoke(AccessRole.OPERATOR, "topics", "--create", "--set=batch.size=32")
                .assertRefusedButForTheBroker(
                        "the cluster denies user sppo-operator access to topic secured.",
                        "role operator needs ",
                        "./sppo topics --acls --apply --run secured --role operator --principal User:sppo-operator");
        invoke(AccessRole.OPERATOR, "topics", "--acls", "--apply")
                .assertRefusedButForTheBroker("the ACLs can't be created", "takes Alter on the cluster");
    }

    @Test
    @Order(2)
    void shouldRefuseAWrongPasswordAndAnUnknownCertificate() throws Exception {
        Path wrong = write("wrong", cluster.kafka(user(AccessRole.READER), "guessed"));
        Invocation.of("audit", "--run=" + RUN, "--client-properties=" + wrong)
                .assertRefusedButForTheBroker("does not accept the credentials of user sppo-reader");
        Map<String, String> untrusting = new HashMap<>(kafka(AccessRole.READER).properties());
        untrusting.keySet().removeIf(name -> name.contains("truststore"));
        KafkaSettings kafka = kafka(AccessRole.READER);
        Path untrusted =
                write("untrusted", new KafkaSettings(kafka.bootstrapServers(), kafka.schemaRegistryUrl(), untrusting));
        Invocation.of("audit", "--run=" + RUN, "--client-properties=" + untrusted)
                .assertRefusedButForTheBroker("no TLS connection to the cluster", "ssl.truststore.location");
    }

    @Test
    @Order(2)
    void shouldRefuseAWrongSecretAndATokenOfAnotherIssuer() throws Exception {
        String user = user(AccessRole.READER);
        Path wrong = write("wrong-secret", withToken(kafka(AccessRole.READER), user, "guessed"));
        Invocation.of("audit", "--run=" + RUN, "--client-properties=" + wrong)
                .assertRefusedButForTheBroker("user sppo-reader gets no token: ", "401");
        try (TokenIssuer other = new TokenIssuer(Map.of(user, "secret"))) {
            System.setProperty(ALLOWED_URLS, issuer.url() + "," + other.url());
            Path forged = write(
                    "forged",
                    withToken(kafka(AccessRole.READER), user, "secret")
                            .with("sasl.oauthbearer.token.endpoint.url", other.url()));
            Invocation.of("audit", "--run=" + RUN, "--client-properties=" + forged)
                    .assertRefusedButForTheBroker("does not accept the credentials of user sppo-reader");
        } finally {
            System.setProperty(ALLOWED_URLS, issuer.url());
        }
    }

    @Test
    @Order(2)
    void shouldSayThatTheTokenEndpointMustBeAllowed() {
        System.clearProperty(ALLOWED_URLS);
        try {
            Invocation.of("audit", "--run=" + RUN, "--client-properties=" + tokenProperties.get(AccessRole.READER))
                    .assertRefusedButForTheBroker(issuer.url(), "JAVA_OPTS=-D" + ALLOWED_URLS + "=" + issuer.url());
        } finally {
            System.setProperty(ALLOWED_URLS, issuer.url());
        }
    }

    @Test
    @Order(2)
    void shouldRefuseAWrongPasswordOfTheRegistry() throws Exception {
        Path wrong = write("registry", kafka(AccessRole.OPERATOR).with("basic.auth.user.info", "sppo:guessed"));
        Invocation.of("topics", "--register", "--run=" + RUN, "--client-properties=" + wrong)
                .assertRefusedButForTheBroker(
                        "the schema registry at https://127.0.0.1:", "refuses access", "kafka.basic.auth.user.info");
    }

    @Test
    @Order(3)
    void shouldGrantAndCreate() {
        Invocation granted = Invocation.of(
                "topics", "--acls", "--apply", "--run=" + RUN, "--client-properties=" + cluster.clientProperties());
        assertThat(granted.code()).as(granted.err()).isZero();
        assertThat(granted.out()).startsWith("run 'secured' has its ").contains("User:sppo-feed, ");

        Invocation registered = invoke(AccessRole.OPERATOR, "topics", "--register", "--set=batch.size=32");
        assertThat(registered.code()).as(registered.err()).isZero();
        assertThat(registered.out()).contains("are registered at https://127.0.0.1:");
        Invocation created = invoke(AccessRole.OPERATOR, "topics", "--create", "--set=batch.size=32");
        assertThat(created.code()).as(created.err()).isZero();
    }

    /** What the broker lets each user do on each topic is what the catalogue says, no more and no less. */
    @Test
    @Order(4)
    void shouldAllowWhatTheCatalogueSaysAndNothingElse() throws Exception {
        for (AccessRole role : AccessRole.values()) {
            try (Admin admin = Admin.create(kafka(role).admin())) {
                for (String topic : topicsWithDeadLetters()) {
                    Set<Operation> expected = EnumSet.noneOf(Operation.class);
                    AccessCatalogue.of(role, TOPICS).stream()
                            .filter(grant -> grant.covers(Kind.TOPIC, topic))
                            .forEach(grant -> expected.addAll(grant.operations()));
                    Set<String> allowed = allowed(admin, topic);
                    allowed.remove("DESCRIBE");
                    assertThat(allowed)
                            .as("%s on %s", role, topic)
                            .isEqualTo(expected.stream().map(Enum::name).collect(Collectors.toSet()));
                }
            }
        }
    }

    private static List<String> topicsWithDeadLetters() {
        return TOPICS.all().stream()
                .flatMap(topic -> List.of(topic.name(), topic.deadLetters()).stream())
                .toList();
    }

    private static Set<String> allowed(Admin admin, String topic) throws InterruptedException {
        try {
            return Objects.requireNonNull(admin.describeTopics(
                                    List.of(topic), new DescribeTopicsOptions().includeAuthorizedOperations(true))
                            .allTopicNames()
                            .get()
                            .get(topic))
                    .authorizedOperations()
                    .stream()
                    .map(AclOperation::name)
                    .collect(Collectors.toSet());
        } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOf(TopicAuthorizationException.class);
            return new HashSet<>();
        }
    }

    @Test
    @Order(5)
    void shouldRefuseWhatIsNotARolesOwn() {
        shouldNotWrite(AccessRole.ROLLOUT_PRODUCER, TOPICS.verdicts());
        shouldNotWrite(AccessRole.REWARD_VERIFIER, TOPICS.weights(ModelKind.POLICY));
        shouldNotWrite(AccessRole.VERIFIER_PLUGIN, TOPICS.trainingSteps());
        shouldNotWrite(AccessRole.CRITIC, TOPICS.weights(ModelKind.POLICY));
        shouldNotWrite(AccessRole.READER, TOPICS.runs());
        shouldNotRead(AccessRole.VERIFIER_PLUGIN, TOPICS.trainingSteps());
        shouldNotRead(AccessRole.REWARD_VERIFIER, TOPICS.trainingSteps());
        shouldNotRead(AccessRole.APPLICATION, TOPICS.weights(ModelKind.POLICY));
    }

    private void shouldNotWrite(AccessRole role, Topic<?> topic) {
        KafkaSettings kafka = kafka(role);
        try (Producer<byte[], byte[]> producer = kafka.clients().producer(kafka.producer())) {
            assertThatThrownBy(() -> producer.send(new ProducerRecord<>(topic.name(), new byte[] {1}))
                            .get())
                    .as("%s to %s", role, topic.name())
                    // Of the cluster, for a user that may write to no topic.
                    .cause()
                    .isInstanceOfAny(TopicAuthorizationException.class, ClusterAuthorizationException.class);
        }
    }

    private void shouldNotRead(AccessRole role, Topic<?> topic) {
        KafkaSettings kafka = kafka(role);
        try (Consumer<byte[], byte[]> consumer = kafka.clients().consumer(kafka.consumer())) {
            consumer.assign(List.of(new TopicPartition(topic.name(), 0)));
            assertThatThrownBy(() -> consumer.poll(Duration.ofSeconds(10)))
                    .as("%s from %s", role, topic.name())
                    .isInstanceOf(TopicAuthorizationException.class);
        }
    }

    @Test
    @Order(6)
    void shouldTrainWithEachRoleAsAUserOfItsOwn() throws Exception {
        train(RUN, Map.of(), properties);
    }

    /** The critic of this run writes no values. */
    @Test
    @Order(6)
    void shouldTrainWithAScorerAndWithTokens() throws Exception {
        String run = "secured-apart";
        Invocation granted = Invocation.of(
                "topics", "--acls", "--apply", "--run=" + run, "--client-properties=" + cluster.clientProperties());
        assertThat(granted.code()).as(granted.err()).isZero();
        for (String step : List.of("--register", "--create")) {
            Invocation made = invokeOn(
                    run, AccessRole.OPERATOR, "topics", step, "--set=batch.size=32", "--set=critic.scoring=apart");
            assertThat(made.code()).as(made.err()).isZero();
        }
        train(run, Map.of("critic.scoring", "apart"), tokenProperties);
    }

    /** @param connections of the roles */
    private void train(String run, Map<String, String> others, Map<AccessRole, Path> connections) throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        ByteArrayOutputStream screen = new ByteArrayOutputStream();
        List<CompletableFuture<Void>> roles = new ArrayList<>();
        try {
            Role.of(configuration(Role.LEARN, run, others, connections).settings()).stream()
                    .map(role -> work(role, configuration(role, run, others, connections), screen, stop))
                    .forEach(roles::add);
            await().atMost(Duration.ofMinutes(4))
                    .pollInterval(Duration.ofMillis(500))
                    .until(() -> {
                        roles.stream()
                                .filter(CompletableFuture::isCompletedExceptionally)
                                .forEach(CompletableFuture::join);
                        return stepsOfBothModels(run) >= 2 * STEPS;
                    });
        } finally {
            stop.set(true);
            roles.forEach(role -> role.handle((done, failure) -> failure).join());
        }
        roles.forEach(CompletableFuture::join);

        Invocation audit = Invocation.of(
                "audit",
                "--run=" + run,
                "--client-properties=" + connections.get(AccessRole.READER),
                "--data-dir=" + directory.resolve("data-reader"));
        assertThat(audit.code()).as(audit.out() + audit.err()).isZero();
        assertThat(screen.toString(StandardCharsets.UTF_8)).contains("verify of run " + run + " running");
    }

    private Configuration configuration(
            Role role, String run, Map<String, String> others, Map<AccessRole, Path> connections) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "run", run,
                "steps", Integer.toString(STEPS),
                "batch.size", "32",
                "client.properties", String.valueOf(connections.get(role.access())),
                "data.dir", directory.resolve("data-" + role.access().id()).toString(),
                "runs.dir", directory.resolve("runs").toString()));
        settings.putAll(others);
        return Configuration.load(null, Map.of(), settings);
    }

    private static CompletableFuture<Void> work(
            Role role, Configuration configuration, ByteArrayOutputStream screen, AtomicBoolean stop) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        Service.joining(
                                        configuration,
                                        Set.of(role),
                                        Screen.plain(new PrintStream(screen, true, StandardCharsets.UTF_8)),
                                        stop::get)
                                .run();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                task -> new Thread(task, role.command()).start());
    }

    private long stepsOfBothModels(String run) {
        Topics topics = new Topics(run, TOPICS.partitions());
        KafkaSettings kafka = kafka(AccessRole.READER);
        try (EventSerdes serdes = new EventSerdes(kafka);
                EventReader ledger = new RunLog(kafka, serdes, topics).reader(List.of(topics.trainingSteps()))) {
            return ledger.pollToEnd().stream()
                    .map(record -> (TrainingStep) record.event())
                    .count();
        }
    }

    @Test
    @Order(7)
    void shouldExplainWhoWasRefusedWhat() {
        invoke(AccessRole.FEED, "verify", "--set=batch.size=32", "--steps=" + STEPS)
                .assertRefusedButForTheBroker(
                        "the cluster denies user sppo-feed access to group secured.reward-verifier",
                        "role reward-verifier needs Read",
                        "./sppo topics --acls --apply --run secured --role reward-verifier --principal User:sppo-feed");
        Invocation.of("audit", "--run=" + RUN, propertiesOf(AccessRole.VERIFIER_PLUGIN))
                .assertRefusedButForTheBroker("as far as user sppo-verifier-plugin may see them");
    }
}
