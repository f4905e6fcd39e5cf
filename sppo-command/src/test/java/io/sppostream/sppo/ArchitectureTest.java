package io.sppostream.sppo;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.sppostream.advantage.SppoEstimator;
import io.sppostream.learn.ClippedPolicyLoss;
import io.sppostream.learn.TrainingOrder;
import io.sppostream.learn.ValueLoss;
import io.sppostream.sppo.feed.Pacing;
import java.util.List;

/** The layering of the modules: who may know whom, over all their classes. A rule without classes to judge fails. */
@AnalyzeClasses(packages = "io.sppostream", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    private static final DescribedPredicate<JavaClass> OURS = resideInAPackage("io.sppostream..");
    private static final DescribedPredicate<JavaClass> SCHEMAS =
            resideInAnyPackage("io.sppostream.events..", "io.sppostream.log..");
    private static final DescribedPredicate<JavaClass> MODEL = resideInAPackage("io.sppostream.model..");
    private static final DescribedPredicate<JavaClass> ROLLOUT = resideInAPackage("io.sppostream.rollout..");
    private static final DescribedPredicate<JavaClass> VERIFY = resideInAPackage("io.sppostream.verify..");
    private static final DescribedPredicate<JavaClass> ADVANTAGE = resideInAPackage("io.sppostream.advantage..");
    private static final DescribedPredicate<JavaClass> LEARN = resideInAPackage("io.sppostream.learn..");

    private static DescribedPredicate<JavaClass> oursExcept(DescribedPredicate<JavaClass> allowed) {
        return OURS.and(DescribedPredicate.not(allowed));
    }

    @ArchTest
    static final ArchRule SCHEMAS_KNOW_NOTHING_ABOVE = noClasses()
            .that(SCHEMAS)
            .should()
            .dependOnClassesThat(oursExcept(SCHEMAS))
            .because("schemas is what a program in another house would share with us:"
                    + " move what needs a model or a role into the module of that role");

    @ArchTest
    static final ArchRule THE_MODEL_KNOWS_NO_LOG = noClasses()
            .that(MODEL)
            .should()
            .dependOnClassesThat(oursExcept(MODEL)
                    .or(resideInAnyPackage("org.apache.kafka..", "org.apache.avro..", "io.confluent..")))
            .because("language-model is a library of its own:"
                    + " give it arrays and records, and turn events into them in the role that reads them");

    @ArchTest
    static final ArchRule ROLES_DO_NOT_KNOW_EACH_OTHER = slices().assignedFrom(new Roles())
            .should()
            .notDependOnEachOther()
            .because("roles are connected by the log and by nothing else:"
                    + " read the other's topic, or move what both need to schemas or language-model");

    @ArchTest
    static final ArchRule GENERATION_AND_TRAINING_STAND_ON_SCHEMAS_AND_MODEL = noClasses()
            .that(ROLLOUT.or(LEARN))
            .should()
            .dependOnClassesThat(oursExcept(SCHEMAS.or(MODEL).or(ROLLOUT).or(LEARN)))
            .because(
                    "a role also runs alone: give it what it needs as a record of settings, built in io.sppostream.sppo");

    @ArchTest
    static final ArchRule STREAMS_STAND_ON_SCHEMAS_ALONE = noClasses()
            .that(VERIFY.or(ADVANTAGE))
            .should()
            .dependOnClassesThat(oursExcept(SCHEMAS.or(VERIFY).or(ADVANTAGE)).or(resideInAPackage("ai.djl..")))
            .because("verifiers and advantage streams scale to machines without libtorch:"
                    + " let a role that has the model put what they need on a topic");

    @ArchTest
    static final ArchRule ONLY_THE_COMMAND_KNOWS_THE_COMMAND = noClasses()
            .that(oursExcept(resideInAnyPackage("io.sppostream.sppo..", "io.sppostream.benchmarks..")))
            .should()
            .dependOnClassesThat(resideInAPackage("io.sppostream.sppo.."))
            .because("io.sppostream.sppo puts the roles together and is known by none of them:"
                    + " pass a role what it needs when it is started");

    @ArchTest
    static final ArchRule THE_FEED_KNOWS_DATA_AND_LOG_ONLY = noClasses()
            .that()
            .resideInAPackage("io.sppostream.sppo.feed..")
            .should()
            .dependOnClassesThat(oursExcept(
                    SCHEMAS.or(resideInAnyPackage("io.sppostream.sppo.feed..", "io.sppostream.sppo.data.."))))
            .because("the feed is a role like the others: pass it its settings when it is started");

    @ArchTest
    static final ArchRule THE_GRADER_KNOWS_NO_LOG = noClasses()
            .that()
            .resideInAPackage("io.sppostream.verify.math..")
            .should()
            .dependOnClassesThat(
                    SCHEMAS.or(resideInAnyPackage("org.apache.kafka..", "org.apache.avro..", "io.confluent..")))
            .because("the maths grader is a function of two strings:"
                    + " turn rollouts into strings, and grades into verdicts, in io.sppostream.verify");

    @ArchTest
    static final ArchRule ALGORITHMS_KNOW_NEITHER_LOG_NOR_ENGINE = noClasses()
            .that()
            .belongToAnyOf(
                    ClippedPolicyLoss.class, ValueLoss.class, TrainingOrder.class, SppoEstimator.class, Pacing.class)
            .should()
            .dependOnClassesThat(MODEL.or(resideInAnyPackage("io.sppostream.log..", "org.apache.kafka..", "ai.djl..")))
            .because("algorithms are functions that can be computed by hand:"
                    + " pass them numbers, and keep records and tensors with their callers");

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
            .resideOutsideOfPackages("io.sppostream.sppo.cli..", "io.sppostream.benchmarks..")
            .and()
            .doNotHaveFullyQualifiedName("io.sppostream.sppo.embedded.BrokerMain")
            .should()
            .callMethod(System.class, "exit", int.class)
            .because("who calls us may want to go on: throw a UserException, and let io.sppostream.sppo.cli exit."
                    + " The embedded broker is a JVM of its own, and BrokerMain its command line");

    @ArchTest
    static final ArchRule PACKAGES_HAVE_NO_CYCLES = slices().matching("io.sppostream.(**)")
            .should()
            .beFreeOfCycles()
            .because("packages that need each other are one: move the class that both need below them");

    /** Rules hold trivially where nothing was imported, which a change of the build could bring about. */
    @ArchTest
    static void shouldLookAtEveryModule(JavaClasses classes) {
        for (DescribedPredicate<JavaClass> module : List.of(SCHEMAS, MODEL, ROLLOUT, VERIFY, ADVANTAGE, LEARN)) {
            assertThat(classes.that(module)).as(module.getDescription()).isNotEmpty();
        }
    }

    /** The roles as slices: a package each. */
    private static final class Roles implements SliceAssignment {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            if (ROLLOUT.test(type) || VERIFY.test(type) || ADVANTAGE.test(type) || LEARN.test(type)) {
                return SliceIdentifier.of(type.getPackageName().split("\\.", -1)[2]);
            }
            return type.getPackageName().startsWith("io.sppostream.sppo.feed")
                    ? SliceIdentifier.of("feed")
                    : SliceIdentifier.ignore();
        }

        @Override
        public String getDescription() {
            return "roles";
        }
    }
}
