import { Command } from 'commander';
import type { CliContext } from './shared.ts';
import { trainDualTowerCommand } from './train_dual_tower.ts';
import { trainGeneratorCommand } from './train_generator.ts';
import { trainMilCommand } from './train_mil.ts';

export function trainCommand(context: CliContext): Command {
  return new Command('train')
    .description('learn models from click logs')
    .addHelpText('after', '\nExample:\n  $ atelier train dual-tower --log demo')
    .addCommand(trainDualTowerCommand(context))
    .addCommand(trainMilCommand(context))
    .addCommand(trainGeneratorCommand(context));
}
