package io.sppostream.cli;

import io.sppostream.events.access.AccessRole;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.Redactor;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.UserException;
import io.sppostream.log.access.AccessAdmin;
import io.sppostream.log.access.AccessCommands;
import io.sppostream.log.access.AccessTable;
import io.sppostream.log.access.Principals;
import io.sppostream.log.access.StrimziManifests;
import io.sppostream.run.Cluster;
import io.sppostream.run.RunRecord;
import io.sppostream.run.config.Configuration;
import java.io.PrintStream;
import java.time.Clock;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code ./sppo topics}: the catalogues of topics and of permissions, and the topics of a run. */
@Command(
        name = "topics",
        description = "Describe the catalogue of topics; create a run's topics, register their schemas, or grant the"
                + " permissions of its roles.",
        mixinStandardHelpOptions = true)
final class TopicsCommand implements Callable<Integer> {
    /** Stands for the run's name in the catalogue. */
    private static final String NO_RUN = "RUN";

    @Option(
            names = "--create",
            description = "Create the topics that are missing on a cluster, and check those that exist.")
    private boolean create;

    @Option(
            names = "--register",
            description = "Register the schemas of the topics, unless one is incompatible with a registered version:"
                    + " then say which fields are, and register none.")
    private boolean register;

    @Option(
            names = "--describe",
            description = "Print the catalogue; with --run, also whether the cluster or the embedded broker has the"
                    + " run's topics.")
    private boolean describe;

    @Option(
            names = "--acls",
            description = "Print the permissions that each role needs, as commands of Kafka's kafka-acls.sh; with"
                    + " --markdown as a table (docs/security.md).")
    private boolean acls;

    @Option(
            names = "--strimzi",
            description = "Print the topics and a user for each role as Kubernetes resources of Strimzi"
                    + " (docs/kubernetes.md).")
    private boolean strimzi;

    @Option(names = "--apply", description = "With --acls: create the ACLs on the cluster instead.")
    private boolean apply;

    @Option(names = "--markdown", description = "With --acls: a table of all roles.")
    private boolean markdown;

    @Option(
            names = "--role",
            paramLabel = "NAME",
            split = ",",
            description = "With --acls and --strimzi: only these roles, for example feed,critic.")
    private List<String> roles = List.of();

    @Option(
            names = "--principal",
            paramLabel = "User:NAME",
            description = "With --acls and --strimzi: the user of a role. {role} and {run} stand for their names;"
                    + " User:sppo-{role} by default.")
    private String principal = Principals.DEFAULT.pattern();

    @Option(
            names = "--kafka-cluster",
            paramLabel = "NAME",
            description = "With --strimzi: name of the Kafka resource; kafka by default.")
    private String kafkaCluster = "kafka";

    @Spec
    private CommandSpec command = CommandSpec.create();

    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Override
    public Integer call() {
        require(acls || (!apply && !markdown), "options '--apply' and '--markdown' need '--acls'");
        require(
                create || register || describe || acls || strimzi,
                "give --describe, --create, --register, --acls or --strimzi");
        if (acls || strimzi) {
            access();
            return 0;
        }
        if (register) {
            register(options.loadForCluster());
        }
        if (create) {
            create(options.loadForCluster());
        }
        if (register && !create && !describe) {
            return 0;
        }
        Configuration configuration = options.load(NO_RUN);
        boolean ofRun = !configuration.settings().run().equals(NO_RUN);
        if (ofRun) {
            describeRun(configuration);
        } else {
            print(configuration.settings().topics(), Map.of(), System.out);
        }
        return 0;
    }

    private void require(boolean given, String message) {
        if (!given) {
            throw new ParameterException(command.commandLine(), message);
        }
    }

    /** Prints or creates what the access catalogue says. */
    private void access() {
        if (markdown) {
            System.out.print(AccessTable.markdown());
            return;
        }
        Set<AccessRole> chosen = chosenRoles();
        Principals principals = new Principals(principal);
        if (apply) {
            grant(options.loadForCluster(), chosen, principals);
            return;
        }
        Configuration configuration = options.load(NO_RUN);
        Topics topics = configuration.settings().topics();
        if (acls) {
            String servers = configuration.settings().bootstrapServers();
            System.out.print(AccessCommands.script(
                    chosen, topics, principals, servers.isEmpty() ? "\"$BOOTSTRAP_SERVERS\"" : servers));
        }
        if (strimzi) {
            System.out.print("# The topics of run " + topics.namespace() + " and the users of its roles, made by"
                    + " ./sppo topics --strimzi\n");
            System.out.print(StrimziManifests.topics(
                    topics,
                    kafkaCluster,
                    configuration.settings().replicationFactor(),
                    configuration.kafka("", "").topicProperties()));
            System.out.print(StrimziManifests.users(chosen, topics, principals, kafkaCluster));
        }
    }

    private Set<AccessRole> chosenRoles() {
        Set<AccessRole> chosen = EnumSet.noneOf(AccessRole.class);
        for (String name : roles) {
            chosen.add(AccessRole.of(name)
                    .orElseThrow(() -> new UserException("there is no role '" + name + "': "
                            + Arrays.stream(AccessRole.values())
                                    .map(AccessRole::id)
                                    .collect(Collectors.joining(", ")))));
        }
        return chosen.isEmpty() ? EnumSet.allOf(AccessRole.class) : chosen;
    }

    private static void grant(Configuration configuration, Set<AccessRole> roles, Principals principals) {
        KafkaSettings kafka;
        try (Cluster cluster = Cluster.start(configuration, failure -> {})) {
            kafka = cluster.kafka();
        }
        Topics topics = configuration.settings().topics();
        int count = AccessAdmin.apply(kafka, roles, topics, principals);
        System.out.println("run '" + topics.namespace() + "' has its " + count + " ACLs for "
                + roles.stream()
                        .map(role -> principals.of(role, topics.namespace()))
                        .collect(Collectors.joining(", "))
                + " at " + kafka.bootstrapServers());
    }

    private static void register(Configuration configuration) {
        Topics topics = configuration.settings().topics();
        try (Cluster cluster = Cluster.start(configuration, failure -> {});
                EventSerdes serdes = new EventSerdes(cluster.kafka())) {
            List<String> incompatible = serdes.incompatibilities(topics);
            if (!incompatible.isEmpty()) {
                throw new UserException("nothing was registered, since schemas are incompatible with registered ones: "
                        + String.join("; ", incompatible));
            }
            serdes.register(topics);
            System.out.println("the schemas of the " + topics.all().size() + " topics of run '" + topics.namespace()
                    + "' are registered at " + Redactor.text(cluster.kafka().schemaRegistryUrl()));
        }
    }

    private static void create(Configuration configuration) {
        try (Cluster cluster = Cluster.start(configuration, failure -> {});
                EventSerdes serdes = new EventSerdes(cluster.kafka())) {
            RunLog log =
                    new RunLog(cluster.kafka(), serdes, configuration.settings().topics());
            RunRecord.start(configuration, Map.of(), log, Clock.systemUTC());
            RunRecord.risk(configuration, log).ifPresent(risk -> System.err.println("sppo: warning: " + risk));
        }
    }

    private void describeRun(Configuration configuration) {
        Topics topics = configuration.settings().topics();
        try (Cluster cluster = Cluster.ofRecordedRuns(configuration);
                TopicAdmin admin = new TopicAdmin(cluster.kafka())) {
            boolean exists = admin.exists(topics);
            if (describe) {
                Topics found = exists ? admin.find(topics.namespace()) : topics;
                print(found, exists ? admin.bytesOnDisk(found.all()) : Map.of(), System.out);
            }
            System.out.println("run '" + topics.namespace() + "' has " + (exists ? "its" : "no") + " topics at "
                    + cluster.kafka().bootstrapServers());
        }
    }

    /** @param bytes on disk by topic; empty if they are not known */
    private static void print(Topics topics, Map<String, Long> bytes, PrintStream out) {
        TextTable table = new TextTable("TOPIC", "KEY", "EVENT", "PARTITIONS", "RETENTION", "KB ON DISK");
        for (Topic<? extends SpecificRecord> topic : topics.all()) {
            table.add(
                    topic.name(),
                    topic.key(),
                    topic.valueType().getSimpleName(),
                    topic.partitions(),
                    "unlimited",
                    bytes.containsKey(topic.name()) ? bytes.get(topic.name()) / 1000 : "-");
        }
        table.print(out);
    }
}
