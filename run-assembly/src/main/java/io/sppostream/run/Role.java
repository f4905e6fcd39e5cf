package io.sppostream.run;

import io.sppostream.events.access.AccessRole;
import io.sppostream.run.config.RunSettings;
import java.util.EnumSet;
import java.util.Set;

/** The roles of a run, in the order in which they start: against the flow of data, so that readers start before writers. */
public enum Role {
    LEARN("learn", AccessRole.POLICY_LEARNER, "advantages -> policy weights, training steps"),
    CRITIC("critic", AccessRole.CRITIC, "prompts -> values; advantages -> critic weights, training steps"),
    SCORE("score", AccessRole.CRITIC_SCORER, "prompts -> values, apart from the training of the critic"),
    ADVANTAGE("advantage", AccessRole.ADVANTAGE_STREAM, "rollouts + verdicts + values -> advantages"),
    VERIFY("verify", AccessRole.REWARD_VERIFIER, "rollouts -> verdicts"),
    ROLLOUT("rollout", AccessRole.ROLLOUT_PRODUCER, "prompts -> rollouts"),
    FEED("feed", AccessRole.FEED, "a dataset -> prompts");

    private final String command;
    private final AccessRole access;
    private final String flow;

    Role(String command, AccessRole access, String flow) {
        this.command = command;
        this.access = access;
        this.flow = flow;
    }

    /** The roles of a run: a critic only if the estimator reads its values, and a scorer only if that scores apart. */
    public static Set<Role> of(RunSettings settings) {
        Set<Role> roles = EnumSet.allOf(Role.class);
        if (!settings.hasCritic()) {
            roles.remove(CRITIC);
        }
        if (!settings.scoresApart()) {
            roles.remove(SCORE);
        }
        return roles;
    }

    /** The command that runs this role alone. */
    public String command() {
        return command;
    }

    /** Its permissions on a secured cluster. */
    public AccessRole access() {
        return access;
    }

    /** Its inputs and outputs. */
    public String flow() {
        return flow;
    }
}
