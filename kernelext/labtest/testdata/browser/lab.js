// node lab.js SCENARIO URL FOLDER: works through a notebook in JupyterLab as a user would and prints what it saw, one
// JSON object a line. It judges nothing: the Go tests that start it do. Screenshots go to FOLDER.
'use strict';
const path = require('node:path');
const { Page, launch, tell } = require('./page.js');

const scenarios = {
  // Run everything and watch the panel.
  async all(lab) {
    const states = lab.watchPanels();
    await lab.runAll();
    await lab.idle();
    tell('states', { panel: await states.stop() });
    await lab.save();
    await lab.shot('all');
  },

  // Press the stop button while a training runs and cells wait behind it.
  async stop(lab) {
    const states = lab.watchPanels();
    await lab.command('runmenu:run-all');
    await lab.panelMoves();
    await lab.toolbar('notebook:interrupt-kernel');
    await lab.idle();
    tell('states', { panel: await states.stop() });
    await lab.save();
    await lab.shot('stop');
  },

  // Start a detached training, lose the page, find the training again; lose the kernel, find it again; end it.
  async detached(lab) {
    await lab.runCell(0); // imports and the training's function
    await lab.runCell(1); // Detach
    await lab.command('notebook:run-cell', 2); // Attach
    await lab.panelMoves();
    await lab.save();
    await lab.shot('detached-1-watching');

    await lab.reload();
    await lab.toolbar('notebook:interrupt-kernel'); // the cell still watches, but nobody sees it
    await lab.idle();
    let states = lab.watchPanels();
    await lab.command('notebook:run-cell', 3); // Attach again
    await lab.panelMoves(3);
    tell('states', { panel: await states.stop() });
    await lab.shot('detached-2-after-reload');
    tell('cells', { when: 'after reload', cells: await lab.cells() });

    await lab.restart();
    states = lab.watchPanels();
    await lab.command('notebook:run-cell', 4); // and again, in a new kernel
    await lab.panelMoves(4);
    tell('states', { panel: await states.stop() });
    await lab.shot('detached-3-after-restart');
    await lab.toolbar('notebook:interrupt-kernel'); // ends the watching, not the training
    await lab.idle();
    tell('cells', { when: 'after restart', cells: await lab.cells() });

    await lab.runCell(5); // Stop
    await lab.save();
    await lab.shot('detached-4-stopped');
  },

  // An exported notebook, with scripts off and without a network.
  async html(page, url) {
    await page.shot(path.basename(url), true);
    tell('page', await page.describe());
  },
};

async function main([scenario, url, folder]) {
  const exported = scenario === 'html';
  const browser = await launch();
  const page = new Page(await browser.newContext({ viewport: { width: 1200, height: 1600 }, javaScriptEnabled: !exported, offline: exported }),
    path.resolve(folder));
  try {
    await page.open(url);
    if (!exported) {
      await page.ready();
    }
    await scenarios[scenario](page, url);
    if (!exported) {
      tell('cells', { when: 'end', cells: await page.cells() });
    }
  } catch (failure) {
    await page.shot(scenario + '-failed').catch(() => {});
    throw failure;
  } finally {
    tell('network', page.network());
    await browser.close();
  }
}

main(process.argv.slice(2)).catch((failure) => {
  console.error(failure.stack);
  process.exit(1);
});
