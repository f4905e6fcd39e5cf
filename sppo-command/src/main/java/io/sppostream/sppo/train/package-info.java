/** The main job: all roles in one process, watched until the steps are done. */
@NullMarked
package io.sppostream.sppo.train;

import org.jspecify.annotations.NullMarked;
