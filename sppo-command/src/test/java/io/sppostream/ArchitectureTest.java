package io.sppostream;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.sppostream.estimator.builtin.SppoEstimator;
import io.sppostream.feed.Pacing;
import io.sppostream.learn.update.ClippedPolicyLoss;
import io.sppostream.learn.update.CriticObjective;
import io.sppostream.learn.update.DecoupledPolicyLoss;
import io.sppostream.learn.update.StalenessRules;
import io.sppostream.learn.update.TrainingOrder;
import io.sppostream.learn.update.ValueLoss;

/**
 * The floors of the house and the rooms on them: which packages may depend on which. Arrows go down only. Every rule
 * says how to mend a breach.
 */
@AnalyzeClasses(packages = "io.sppostream", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    private static final DescribedPredicate<JavaClass> OURS = resideInAPackage("io.sppostream..");
    private static final DescribedPredicate<JavaClass> KAFKA_AND_AVRO =
            resideInAnyPackage("org.apache.kafka..", "org.apache.avro..", "io.confluent..");
    private static final DescribedPredicate<JavaClass> ENGINE = resideInAPackage("ai.djl..");

    /** The modules, from the ground up. What is not named for a module, it must not use. */
    @ArchTest
    static final ArchRule MODULES_DEPEND_DOWNWARDS_ONLY = layeredArchitecture()
            .consideringOnlyDependenciesInAnyPackage("io.sppostream..")
            .layer("schemas")
            .definedBy("io.sppostream.events..")
            .layer("event-log")
            .definedBy("io.sppostream.log..")
            .layer("estimators")
            .definedBy("io.sppostream.estimator..")
            .layer("language-model")
            .definedBy("io.sppostream.model..")
            .layer("prompt-feed")
            .definedBy("io.sppostream.feed..")
            .layer("rollout-producer")
            .definedBy("io.sppostream.rollout..")
            .layer("reward-verifier")
            .definedBy("io.sppostream.verify..")
            .layer("advantage-stream")
            .definedBy("io.sppostream.advantage..")
            .layer("learner")
            .definedBy("io.sppostream.learn..")
            .layer("embedded-cluster")
            .definedBy("io.sppostream.embedded..")
            .layer("observability")
            .definedBy("io.sppostream.observe..")
            .layer("run-assembly")
            .definedBy("io.sppostream.run..")
            .layer("run-history")
            .definedBy("io.sppostream.history..")
            .layer("sppo-command")
            .definedBy("io.sppostream.cli..", "io.sppostream.compare..", "io.sppostream.grade..", "io.sppostream.dlq..")
            .whereLayer("schemas")
            .mayNotAccessAnyLayer()
            .whereLayer("event-log")
            .mayOnlyAccessLayers("schemas")
            .whereLayer("estimators")
            .mayNotAccessAnyLayer()
            .whereLayer("language-model")
            .mayNotAccessAnyLayer()
            .whereLayer("prompt-feed")
            .mayOnlyAccessLayers("schemas", "event-log")
            .whereLayer("rollout-producer")
            .mayOnlyAccessLayers("schemas", "event-log", "language-model")
            .whereLayer("reward-verifier")
            .mayOnlyAccessLayers("schemas", "event-log")
            .whereLayer("advantage-stream")
            .mayOnlyAccessLayers("schemas", "event-log", "estimators")
            .whereLayer("learner")
            .mayOnlyAccessLayers("schemas", "event-log", "estimators", "language-model")
            .whereLayer("embedded-cluster")
            .mayOnlyAccessLayers("schemas", "event-log")
            .whereLayer("observability")
            .mayOnlyAccessLayers("schemas", "event-log")
            .whereLayer("run-assembly")
            .mayOnlyAccessLayers(
                    "observability",
                    "schemas",
                    "event-log",
                    "estimators",
                    "language-model",
                    "prompt-feed",
                    "rollout-producer",
                    "reward-verifier",
                    "advantage-stream",
                    "learner",
                    "embedded-cluster")
            .whereLayer("run-history")
            .mayOnlyAccessLayers(
                    "schemas",
                    "event-log",
                    "estimators",
                    "language-model",
                    "prompt-feed",
                    "rollout-producer",
                    "reward-verifier",
                    "advantage-stream",
                    "learner",
                    "run-assembly")
            .whereLayer("sppo-command")
            .mayNotBeAccessedByAnyLayer()
            .because("roles are connected by the log and by nothing else."
                    + " To mend a breach: read the other role's topic; pass what the class needs as a record of settings"
                    + " when io.sppostream.run starts the role; or move what two modules need to the floor below both"
                    + " (names and ids to events.catalogue, clients to log, tensors to model)");

    @ArchTest
    static final ArchRule SCHEMAS_HAVE_NO_CLIENTS = noClasses()
            .that()
            .resideInAPackage("io.sppostream.events..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("org.apache.kafka..", "io.confluent.."))
            .because("schemas is what a program in another house would share with us:"
                    + " put what consumes, produces or administers into io.sppostream.log");

    @ArchTest
    static final ArchRule THE_MODEL_KNOWS_NO_LOG = noClasses()
            .that()
            .resideInAPackage("io.sppostream.model..")
            .should()
            .dependOnClassesThat(KAFKA_AND_AVRO)
            .because("language-model is a library of its own:"
                    + " give it arrays and records, and turn events into them in the role that reads them");

    @ArchTest
    static final ArchRule STREAMS_NEED_NO_LIBTORCH = noClasses()
            .that()
            .resideInAnyPackage(
                    "io.sppostream.verify..",
                    "io.sppostream.advantage..",
                    "io.sppostream.estimator..",
                    "io.sppostream.feed..")
            .should()
            .dependOnClassesThat(ENGINE)
            .because("feeds, verifiers and advantage streams scale to machines without libtorch:"
                    + " let a role that has the model put what they need on a topic");

    @ArchTest
    static final ArchRule THE_GRADER_KNOWS_NO_LOG = noClasses()
            .that()
            .resideInAPackage("io.sppostream.verify.math..")
            .should()
            .dependOnClassesThat(KAFKA_AND_AVRO.or(resideInAnyPackage("io.sppostream.events..", "io.sppostream.log..")))
            .because("the maths grader is a function of two strings:"
                    + " turn rollouts into strings, and grades into verdicts, in io.sppostream.verify");

    @ArchTest
    static final ArchRule ALGORITHMS_KNOW_NEITHER_LOG_NOR_ENGINE = noClasses()
            .that()
            .belongToAnyOf(
                    ClippedPolicyLoss.class,
                    DecoupledPolicyLoss.class,
                    StalenessRules.class,
                    ValueLoss.class,
                    CriticObjective.class,
                    TrainingOrder.class,
                    SppoEstimator.class,
                    Pacing.class)
            .should()
            .dependOnClassesThat(
                    ENGINE.or(resideInAnyPackage("io.sppostream.model..", "io.sppostream.log..", "org.apache.kafka..")))
            .because("algorithms are functions that can be computed by hand:"
                    + " pass them numbers, and keep records and tensors with their callers");

    @ArchTest
    static final ArchRule ESTIMATORS_KNOW_NEITHER_LOG_NOR_EVENTS = noClasses()
            .that()
            .resideInAPackage("io.sppostream.estimator..")
            .should()
            .dependOnClassesThat(KAFKA_AND_AVRO.or(resideInAnyPackage("io.sppostream.events..", "io.sppostream.log..")))
            .because("an estimator is a function of a group, which plugins and replays call too:"
                    + " turn records into groups, and credits into records, in io.sppostream.advantage");

    @ArchTest
    static final ArchRule UPDATES_KNOW_NO_LOG = noClasses()
            .that()
            .resideInAPackage("io.sppostream.learn.update..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("io.sppostream.log..", "org.apache.kafka.."))
            .because("an update is a function of weights and samples:"
                    + " read and write records in io.sppostream.learn, and pass it the samples");

    @ArchTest
    static final ArchRule THE_SYNCHRONOUS_LOOP_HAS_NEITHER_LOG_NOR_THREADS = noClasses()
            .that()
            .resideInAPackage("io.sppostream.run.inprocess..")
            .should()
            .dependOnClassesThat(resideInAnyPackage(
                    "io.sppostream.log", "io.sppostream.log.loop..", "org.apache.kafka..", "java.util.concurrent.."))
            .because(
                    "it is the algorithm in one file, which newcomers read first and runs on the log are checked against:"
                            + " pass what a benchmark needs as a function");

    /** The floors within a module: a package on the left knows none of those on its right. */
    @ArchTest
    static void shouldKeepTheFloorsWithinModules(JavaClasses classes) {
        floor(classes, "log", "log.loop", "log.weights");
        floor(classes, "log.loop", "log.weights");
        floor(classes, "estimator", "estimator.builtin");
        floor(classes, "learn.update", "learn", "learn.guard");
        floor(classes, "learn.guard", "learn");
        floor(classes, "verify.math.number", "verify.math.answer", "verify.math.read", "verify.math.compare");
        floor(classes, "verify.math.answer", "verify.math.read", "verify.math.compare");
        floor(classes, "verify.math.read", "verify.math.compare", "verify.math");
        floor(classes, "verify.math.compare", "verify.math.read", "verify.math");
        floor(classes, "feed.data", "feed");
        floor(classes, "run.config", "run", "run.models", "run.evaluate", "run.report");
        floor(classes, "run.report", "run", "run.config", "run.models", "run.evaluate");
        floor(classes, "run.timeline", "run", "run.config", "run.models", "run.evaluate", "run.report");
        floor(classes, "run.models", "run", "run.evaluate");
        floor(classes, "run.evaluate", "run", "run.inprocess");
        floor(classes, "run.inprocess", "run", "run.report");
        floor(classes, "history.recorded", "history.audit", "history.replay");
        floor(classes, "history.audit", "history.replay");
        floor(classes, "history.replay", "history.audit");
        floor(classes, "grade", "cli", "dlq", "compare");
        floor(classes, "dlq", "cli", "grade", "compare");
        floor(classes, "compare", "cli", "grade", "dlq");
    }

    private static void floor(JavaClasses classes, String below, String... above) {
        String[] packages = new String[above.length];
        for (int i = 0; i < above.length; i++) {
            packages[i] = "io.sppostream." + above[i];
        }
        noClasses()
                .that()
                .resideInAPackage("io.sppostream." + below)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(packages)
                .because(below + " lies below " + String.join(", ", above)
                        + ": pass it what it needs as an argument, or move the class down that both need")
                .check(classes);
    }

    @ArchTest
    static final ArchRule LOGGING_IS_BY_SLF4J = noClasses()
            .that(OURS)
            .should()
            .dependOnClassesThat(resideInAPackage("java.util.logging.."))
            .because("a program around us configures one logging framework: use org.slf4j.Logger");

    @ArchTest
    static final ArchRule ONLY_COMMAND_LINES_EXIT = noClasses()
            .that(OURS)
            .and()
            .resideOutsideOfPackages("io.sppostream.cli..")
            .and()
            .doNotHaveFullyQualifiedName("io.sppostream.embedded.BrokerMain")
            .should()
            .callMethod(System.class, "exit", int.class)
            .because("a caller may want to continue: throw a UserException, and let io.sppostream.cli exit."
                    + " The embedded broker is a JVM of its own, and BrokerMain its command line");

    @ArchTest
    static final ArchRule PACKAGES_HAVE_NO_CYCLES = slices().matching("io.sppostream.(**)")
            .should()
            .beFreeOfCycles()
            .because("packages that need each other are one: move the class that both need below them");

    /** Rules hold trivially where nothing was imported, which a change of the build could bring about. */
    @ArchTest
    static void shouldLookAtEveryPackage(JavaClasses classes) {
        for (String room : new String[] {
            "events",
            "log",
            "model",
            "feed",
            "rollout",
            "verify",
            "advantage",
            "learn",
            "embedded",
            "observe",
            "run",
            "history",
            "cli"
        }) {
            assertThat(classes.that(resideInAPackage("io.sppostream." + room + "..")))
                    .as(room)
                    .isNotEmpty();
        }
    }
}
