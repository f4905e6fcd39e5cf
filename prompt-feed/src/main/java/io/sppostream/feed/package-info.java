/** The feed: releases prompts as fast as the learners train them. */
@NullMarked
package io.sppostream.feed;

import org.jspecify.annotations.NullMarked;
